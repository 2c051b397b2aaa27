"""Words people here take for passwords, beside the world's favourites of a library.

Russian and Kazakh words, names of people, towns and clubs, in both scripts; written by
hand, small letters.  Digits around them, other keyboard layouts and disguises are the
business of `strength`.
"""

from typing import Final

_CONTEXT: Final = """
    credit creditplus creditpluskz creditplus.kz kredit kreditplus kreditseven seven
    microcredit mikrokredit microfinance mfo loan loans zaim zaym dengi tenge kzt
    nesie cabinet kabinet login admin administrator
    кредит кредиты кредитплюс кредитсевен микрокредит займ заём заем мфо деньги тенге
    кабинет логин админ несие қарыз ақша теңге жекекабинет
"""
_RUSSIAN_WORDS: Final = """
    пароль пароли парольпароль мойпароль парольчик секрет секретный тайна доступ вход
    привет приветик здравствуй пока любовь люблю люблютебя тебялюблю ялюблютебя
    ялюблю ятебялюблю солнце солнышко солнечный зайка зайчик зайчонок котик котёнок
    котенок кошка кошечка собака собачка щенок рыбка рыбонька птичка бабочка ласточка
    мама мамочка мамуля папа папочка папуля мамапапа папамама бабушка дедушка сестра
    брат братишка сынок доченька дочка сыночек малыш малышка малыш семья моясемья
    счастье счастлива счастливый радость надежда мечта удача победа победитель чемпион
    жизнь жизньпрекрасна смерть дружба друзья друг подруга подружка принцесса королева
    король царь царица ангел ангелочек демон дьявол дракон волк волчонок тигр тигрёнок
    тигренок лев львица медведь мишка пантера орёл орел сокол ястреб змея скорпион
    весна лето осень зима снег дождь ветер море океан звезда звёздочка звездочка небо
    луна огонь вода земля цветок цветочек роза ромашка тюльпан фиалка черемуха
    россия москва казахстан питер спартак зенит динамо локомотив цска кайрат
    футбол хоккей баскетбол бокс спорт музыка танцы гитара рок рэп машина мерседес
    тойота бмв лада жигули приора камри лексус ауди мазда хонда ниссан
    работа учитель школа школьник студент институт универ университет компьютер
    интернет телефон телефончик клавиатура мышка монитор программа система проверка
    тест тестовый гость пользователь юзер начальник директор хозяин
    красавица красотка красота умница лапочка сладкая сладкий милая милый родная
    любимая любимый единственная дорогая любимка пупсик пусик масик сладкая
    конфета конфетка шоколад шоколадка клубника вишня вишенка малина апельсин банан
    яблоко лимон арбуз персик абрикос виноград картошка пельмени
    максимум молоток кирпич космос космонавт ракета самолёт самолет пират ниндзя
    бандит хакер джокер матрица терминатор рэмбо бэтмен спайдермен гарри поттер
    гаррипоттер наруто сумерки вампир ведьма колдун волшебник
    йцукен йцукенг йцукенгшщз фывапролдж фывапрол ячсмить йцуфывячс йфяцычувс
    один дватри раздватри одиндватри первый второй третий
    незнаю незабудка забыл забыла забылпароль неважно хорошо отлично супер классно
    круто прикол приколист ржунимагу пофиг пофигу нафиг дурак дура идиот лох лошара
    вова вован саня санёк серый серега серёга лёха леха димон диман толик колян жека
"""
_NAMES: Final = """
    александр александра алексей анастасия анатолий андрей анна антон арина артём
    артем артур борис вадим валентин валентина валерий валерия василий вера вероника
    виктор виктория виталий владимир владислав вячеслав галина георгий григорий дарья
    денис диана дмитрий евгений евгения екатерина елена елизавета жанна зинаида иван
    игорь илья инна ирина карина кирилл константин кристина ксения лариса лилия
    людмила любовь максим маргарита марина мария матвей михаил надежда наталья наталия
    никита николай оксана олег олеся ольга павел полина раиса роман руслан светлана
    семён семен сергей софия софья станислав степан тамара татьяна тимофей тимур фёдор
    федор эдуард элина юлия юрий яна ярослав настя катя маша даша саша паша миша
    наташа таня оля лена света ира юля аня вика ксюша лиза полинка катюша танюша
    настенька настюша машенька дашенька сашенька ваня ванька петя вася коля димка
    серёжа сережа лёша леша женя слава славик стас костя игорёк игорек
    айгерим айгуль айгүл айдана айдар айжан айнур айнұр айсулу айсұлу алина алия әлия
    алихан алмас алтынай аман аманжол амина амир анель арай арайлым арман арсен аружан
    аслан асель әсел асем әсем асхат аян аяулым аяжан багдат бақыт бакыт бақытжан балжан
    баян бекзат берик берік болат гаухар гүлнар гульнар гүлмира гульмира гүлнұр дамир
    дана данияр дария дархан даулет дәулет дәурен даурен динара диас ерасыл ербол ерлан
    ернар ержан ерсұлтан жанар жанат жанна жансая жанибек жәнібек жасулан жұлдыз
    жулдыз зарина зере ибрагим инкар інжу инжу камила кәмила карлыгаш қарлығаш кайрат
    қайрат қанат канат лаура ляззат ләззат мадина мади мадияр мансур марал марат
    мейрам мерей меруерт мирас молдир мөлдір мұрат мурат мұхтар мухтар нариман нұрлан
    нурлан нұрбол нурбол нұрсұлтан нурсултан нұрай нурай нұргүл нургуль олжас орынбасар
    перизат рамазан раушан ринат рустем сабина сабыр салтанат саят самал самат санжар
    сауле сәуле серик серік сымбат тамерлан темирлан темірлан тоқтар томирис томирис
    тұрар ұлан улан ұлжан умит үміт чингиз шыңғыс шынар ырысты
    aigerim aigul aidana aidar aizhan ainur aisulu aliya alihan alikhan almas altynai
    altynay aman amanzhol amina anel arai arailym arman arsen aruzhan aslan asel assel
    asem askhat ayan ayazhan bagdat bakhyt bakyt bekzat berik bolat gaukhar gulnar
    gulnara gulmira damir dana daniyar dariya darkhan daulet dauren dinara dias erasyl
    erbol yerbol erlan yerlan ernar yernar erzhan yerzhan zhanar zhanat zhanna zhansaya
    zhanibek zhasulan zhuldyz zarina kamila karlygash kairat kanat laura lyazzat madina
    madiyar mansur maral marat meiram merey meruert miras moldir murat mukhtar nariman
    nurlan nurbol nursultan nurai nurgul olzhas perizat ramazan raushan rinat rustem
    sabina saltanat samal samat sanzhar saule serik symbat tamerlan temirlan tomiris
    ulan umit shyngys shynar yerkebulan erkebulan aleksandr aleksey alexey anastasiya
    andrey artem dmitriy dmitry ekaterina evgeniy evgeniya ksenia kseniya natalya
    nikita nikolay svetlana sergey tatyana yulia yuliya vladimir viktoriya nastya
    katya masha dasha sasha pasha misha natasha tanya olya lena sveta julia
"""
_KAZAKH_WORDS: Final = """
    құпиясөз құпия кілтсөз кілт сәлем салем сәлеметсізбе қазақстан қазақ қазақша алаш
    алтын күміс жұлдыз күн ай аспан жер су от жел қар жаңбыр көктем жаз күз қыс
    махаббат сүйемін менсенісүйемін сенісүйемін жаным жаныммен жүрек жүрегім бақыт
    бақытты арман арманым үміт сенім өмір отбасы отбасым ана анам анашым әке әкем
    ата әже апа аға іні қарындас бауыр бауырым балам балапан ұлым қызым күнім
    көкөзім батыр батырлар хан сұлтан бөрі қасқыр арыстан жолбарыс бүркіт қыран тұлпар
    ат жылқы домбыра наурыз тәуелсіздік атамекен отан туғанжер астана алматы шымкент
    қарағанды ақтөбе тараз павлодар өскемен семей атырау қостанай қызылорда петропавл
    орал ақтау түркістан көкшетау талдықорған екібастұз байқоңыр нұрсұлтан
    караганда актобе актюбинск тараз павлодар усть-каменогорск семей атырау костанай
    кызылорда петропавловск уральск актау туркестан кокшетау талдыкорган экибастуз
    байконур алмата астана шымкент чимкент жезказган балхаш рудный темиртау
    qazaqstan kazakhstan kazakstan qazaq kazakh kazah salem salam kupiasoz almaty
    alma-ata almata astana shymkent chimkent karaganda karagandy qaragandy aktobe
    aqtobe taraz pavlodar semey semei atyrau kostanay kostanai kyzylorda petropavl
    petropavlovsk uralsk oral aktau aqtau turkestan turkistan kokshetau taldykorgan
    ekibastuz baikonur zhanym janym zhuldyzym mahabbat makhabbat altyn batyr sultan
    kairatfc ordabasy shakhtar tobol barys nauryz dombyra tulpar anashym apashka
"""
_LATIN_RUSSIAN: Final = """
    parol parolparol moyparol privet poka lubov lyublyu lyubov lublu lubimaya lubimyi
    ljubov solnce solnyshko solnishko zayka zaika kotik koshka kotenok sobaka rybka mama
    mamochka papa mamapapa papamama babushka semya sestra brat bratan malysh malishka
    schastye schaste radost nadezhda mechta udacha pobeda chempion zhizn jizn druzhba
    drug podruga princessa koroleva korol angel angelochek demon drakon volk tigr lev
    medved mishka orel sokol vesna leto osen zima sneg dozhd veter more okean zvezda
    nebo luna ogon voda tsvetok cvetok rossiya moskva piter spartak zenit dinamo
    lokomotiv futbol hokkey muzyka mashina rabota shkola student internet telefon
    klaviatura sistema krasavica krasotka umnica lapochka sladkaya sladkiy milaya
    konfeta shokolad klubnika vishnya malina apelsin yabloko kosmos raketa samolet
    haker dzhoker matrica naruto vampir nezabudka zabyl zabyla neznayu horosho super
    klass kruto prikol durak dura idiot pofig vovan sanya serega lyoha dimon tolik
    kolyan jeka zheka natashka katyusha tanyusha nastyusha
"""

CONTEXT: Final = frozenset(_CONTEXT.split())
"""What the house itself suggests to a guesser."""

COMMON: Final = frozenset(
    word
    for words in (_RUSSIAN_WORDS, _NAMES, _KAZAKH_WORDS, _LATIN_RUSSIAN)
    for word in words.split()
)
"""Favourites of this country."""
