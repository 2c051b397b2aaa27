"""The words of the report of a quarter, in both languages."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from services.antifraud.domain.assessing import Category, Treatment
from services.antifraud.domain.losses import Cause
from services.antifraud.domain.risks import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What is printed whatever the facts are."""

    title: str
    made: str
    register: str
    by_state: str
    matrix: str
    corner: str
    risks: str
    risk_columns: tuple[str, ...]
    late: str
    losses: str
    loss_columns: tuple[str, ...]
    whole: str
    trend: str
    indicators: str
    indicator_columns: tuple[str, ...]
    red: str
    happened: str
    count: tuple[str, str]
    happened_rows: tuple[str, ...]
    categories: Mapping[Category, str]
    treatments: Mapping[Treatment, str]
    states: Mapping[State, str]
    causes: Mapping[Cause, str]
    colours: Mapping[str, str]


WORDS: Final[Mapping[str, Words]] = {
    "ru": Words(
        title="Отчёт о рисках мошенничества за {quarter} квартал {year} года",
        made="Составлен {day}. Реестр показан на день составления, остальное — за"
        " квартал. Персональных данных в отчёте нет.",
        register="Реестр рисков",
        by_state="Рисков по состоянию",
        matrix="Остаточный уровень: сколько рисков",
        corner="Вероятность (строки), ущерб (столбцы)",
        risks="Риски",
        risk_columns=(
            *("№", "Риск", "Источник", "До мер", "Остаток"),
            *("Что делаем", "Состояние", "Сроки"),
        ),
        late="просрочено",
        losses="Реализованные риски: потери",
        loss_columns=("Причина, тенге", "Случаев", "Потеряно", "Возвращено", "Чистые"),
        whole="Всего",
        trend="Чистые потери по кварталам, тенге",
        indicators="Индикаторы раннего выявления",
        indicator_columns=(
            *("Индикатор", "Пороги", "Последнее", "Наибольшее"),
            *("Цвет", "Красных"),
        ),
        red="Красных замеров по индикаторам",
        happened="Дела, жалобы, расследования и меры",
        count=("Показатель", "Число"),
        happened_rows=(
            *("Открыто дел", "Из закрытых — мошенничество", "Из закрытых — ошибка"),
            *("Получено жалоб клиентов", "Отвечено на жалобы", "Из них прав клиент"),
            *("Начато расследований", "Закрыто расследований"),
            *("Мер, ещё не подтверждённых", "Пропущенных сроков"),
        ),
        categories={
            Category.APPLICATION: "заявки",
            Category.IDENTITY: "личность",
            Category.TAKEOVER: "захват доступа",
            Category.PAYOUT: "выдача",
            Category.STAFF: "сотрудники",
            Category.PARTNER: "партнёры",
            Category.TECHNOLOGY: "технологии",
            Category.OTHER: "прочее",
        },
        treatments={
            Treatment.AVOID: "избегаем",
            Treatment.REDUCE: "снижаем",
            Treatment.TRANSFER: "передаём",
            Treatment.ACCEPT: "принимаем",
        },
        states={
            State.OPEN: "открыт",
            State.ACCEPTED: "принят",
            State.CLOSED: "закрыт",
        },
        causes={
            Cause.FALSE_DATA: "ложные сведения",
            Cause.STOLEN_IDENTITY: "чужая личность",
            Cause.TAKEOVER: "захват доступа",
            Cause.DROPPER: "подставной счёт",
            Cause.COLLUSION: "сговор",
            Cause.MISTAKE: "ошибка",
            Cause.TECHNOLOGY: "сбой техники",
            Cause.OTHER: "прочее",
        },
        colours={"green": "зелёный", "amber": "жёлтый", "red": "красный"},
    ),
    "kk": Words(
        title="{year} жылдың {quarter}-тоқсанындағы алаяқтық тәуекелдері туралы есеп",
        made="{day} жасалды. Тізілім жасалған күнгі күйінде, қалғаны тоқсан бойынша"
        " көрсетілген. Есепте дербес деректер жоқ.",
        register="Тәуекелдер тізілімі",
        by_state="Күйі бойынша тәуекелдер",
        matrix="Қалдық деңгей: тәуекелдер саны",
        corner="Ықтималдық (жолдар), залал (бағандар)",
        risks="Тәуекелдер",
        risk_columns=(
            *("№", "Тәуекел", "Көзі", "Шараға дейін", "Қалдық"),
            *("Не істейміз", "Күйі", "Мерзімдер"),
        ),
        late="мерзімі өтті",
        losses="Іске асқан тәуекелдер: шығындар",
        loss_columns=("Себебі, теңге", "Саны", "Жоғалған", "Қайтарылған", "Таза"),
        whole="Барлығы",
        trend="Тоқсандар бойынша таза шығын, теңге",
        indicators="Ерте анықтау индикаторлары",
        indicator_columns=(
            *("Индикатор", "Шектер", "Соңғысы", "Ең жоғарысы"),
            *("Түсі", "Қызылдар"),
        ),
        red="Индикаторлар бойынша қызыл өлшемдер",
        happened="Істер, шағымдар, тергеп-тексерулер және шаралар",
        count=("Көрсеткіш", "Саны"),
        happened_rows=(
            *("Ашылған істер", "Жабылғандардан — алаяқтық", "Жабылғандардан — қате"),
            *("Түскен клиент шағымдары", "Жауап берілген шағымдар"),
            *("Оның ішінде клиент дұрыс", "Басталған тергеп-тексерулер"),
            *("Жабылған тергеп-тексерулер", "Әлі расталмаған шаралар"),
            "Өтіп кеткен мерзімдер",
        ),
        categories={
            Category.APPLICATION: "өтінімдер",
            Category.IDENTITY: "жеке басы",
            Category.TAKEOVER: "қолжетімділікті басып алу",
            Category.PAYOUT: "беру",
            Category.STAFF: "қызметкерлер",
            Category.PARTNER: "серіктестер",
            Category.TECHNOLOGY: "технологиялар",
            Category.OTHER: "өзге",
        },
        treatments={
            Treatment.AVOID: "болдырмаймыз",
            Treatment.REDUCE: "төмендетеміз",
            Treatment.TRANSFER: "береміз",
            Treatment.ACCEPT: "қабылдаймыз",
        },
        states={
            State.OPEN: "ашық",
            State.ACCEPTED: "қабылданған",
            State.CLOSED: "жабық",
        },
        causes={
            Cause.FALSE_DATA: "жалған мәлімет",
            Cause.STOLEN_IDENTITY: "бөтен жеке бас",
            Cause.TAKEOVER: "қолжетімділікті басып алу",
            Cause.DROPPER: "бүркеме шот",
            Cause.COLLUSION: "сөз байласу",
            Cause.MISTAKE: "қате",
            Cause.TECHNOLOGY: "техника ақауы",
            Cause.OTHER: "өзге",
        },
        colours={"green": "жасыл", "amber": "сары", "red": "қызыл"},
    ),
}
