"""Templates of documents (редакции): data with a version, never rewritten.

A text in each language, line by line: `# ` begins a title, `## ` a heading, `> ` small
print; a name in braces is a field.  A new edition is proposed by one member of the
staff and approved by another; a contract keeps the edition it was made of.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from string import Formatter
from typing import Final, Literal, get_args

from kernel.crypto import canonical, sha256_hex
from kernel.errors import Refused

TemplateKind = Literal["contract", "amendment"]
KINDS: Final[tuple[TemplateKind, ...]] = get_args(TemplateKind)
MOST_CHARACTERS: Final = 60_000
"""Of one language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One edition of one kind of document, in Kazakh and in Russian."""

    kind: TemplateKind
    version: int
    kk: str
    ru: str

    @property
    def name(self) -> str:
        """As it is printed and kept: ``contract-3``."""
        return f"{self.kind}-{self.version}"

    @property
    def sha256(self) -> str:
        """SHA-256 of kind, version and both texts, hexadecimal."""
        return sha256_hex(canonical((self.kind, self.version, self.kk, self.ru)))


def propose(kind: TemplateKind, *, after: Template, kk: str, ru: str) -> Template:
    """The edition that would follow `after`.

    Refused: ``template_unchanged``, ``template_too_long``, ``template_malformed``,
    ``template_unknown_field``, ``template_incomplete`` (with the field's name):
    nothing the law wants in a contract may be lost by a new wording (МФО law, art. 4).
    """
    if (kk, ru) == (after.kk, after.ru):
        raise _unfit("unchanged", "The wording is that of the edition in force.")
    for text in (kk, ru):
        if len(text) > MOST_CHARACTERS:
            raise _unfit("too_long", "The wording is longer than a template may be.")
        named = set(_fields(text))
        if unknown := named - FIELDS[kind]:
            raise _unfit(
                "unknown_field", "The wording names an unknown field.", unknown
            )
        if lacking := FIELDS[kind] - named:
            raise _unfit(
                "incomplete", "The wording leaves out what must be told.", lacking
            )
    return Template(kind=kind, version=after.version + 1, kk=kk, ru=ru)


def _fields(text: str) -> Iterable[str]:
    """Names in braces; nothing but plain names: no conversion, index or attribute."""
    try:
        for _, name, form, conversion in Formatter().parse(text):
            if name is None:
                continue
            if form or conversion or not name.isidentifier():
                raise _unfit("malformed", "A field is a plain name in braces.")
            yield name
    except ValueError as error:
        raise _unfit("malformed", "A brace has no fellow.") from error


def _unfit(what: str, sentence: str, names: Iterable[str] = ()) -> Refused:
    found = sorted(names)
    details = {"field": found[0]} if found else {}
    return Refused(
        f"template_{what}",
        sentence,
        next_step="Correct the wording and propose it again.",
        **details,
    )


FIELDS: Final[dict[TemplateKind, frozenset[str]]] = {
    "contract": frozenset(
        {
            *("template", "number", "contract_on", "name", "iin", "identity"),
            *("amount", "term_days", "account", "annual_percent", "gesv"),
            *("repayment", "issued_on", "schedule", "interest", "total"),
        }
    ),
    "amendment": frozenset(
        {
            *("template", "number", "amended_on", "contract_number", "contract_on"),
            *("contract_sha256", "previous_sha256", "name", "iin", "identity"),
            *("old_account", "new_account"),
        }
    ),
}
"""Every field of a kind must stand in each language, and no other may."""

CONTRACT_3: Final = Template(
    kind="contract",
    version=3,
    kk="""\
# МИКРОКРЕДИТ БЕРУ ТУРАЛЫ ШАРТ
№ {number}
Шарттың күні: {contract_on}
> Мәтін редакциясы: {template}
## 1. Тараптар
Қарыз беруші: «МҚҰ Kredit Seven Kazakhstan» ЖШС, creditplus.kz.
Қарыз алушы: {name}, ЖСН {iin}, {identity}.
## 2. Шарттың нысанасы
2.1. Қарыз беруші Қарыз алушыға {amount} сомасында микрокредит береді.
2.2. Микрокредит мерзімі: берілген күннен бастап {term_days} күн.
2.3. Микрокредит Қарыз берушінің банк шотынан Қарыз алушыға тиесілігі расталған банк \
шотына (төлем картасына) аудару арқылы беріледі: {account}.
2.4. Сыйақы: борыш қалдығына жылдық {annual_percent}, берілген күннен бастап әр күн \
үшін; бір жылда 365 күн.
2.5. Сыйақының жылдық тиімді мөлшерлемесі (СЖТМ): {gesv}.
2.6. Микрокредитті пайдаланғаны үшін шартта комиссиялар мен өзге де төлемдер \
белгіленбеген.
## 3. Өтеу кестесі
Қарыз алушы таңдаған өтеу әдісі: {repayment}.
{issued_on} күні берілген жағдайда:
{schedule}
Барлық төлемдер: {total}, оның ішінде сыйақы {interest}.
3.1. Микрокредит берілгеннен кейін кесте ақша Қарыз алушыға түскен күннен бастап \
жасалады; осы күнге дейін сыйақы есептелмейді, ал СЖТМ шекті мөлшерден аспайды.
3.2. Мерзімі демалыс күніне тура келетін төлем келесі жұмыс күні төленеді.
## 4. Беру және бас тарту
4.1. Микрокредит шарт жасалғаннан және Қарыз алушының қосымша келісімі алынғаннан \
кейін 24 сағаттан ерте берілмейді, ал заңнамада көзделген жағдайларда осы мерзім \
өткеннен кейінгі қайталама растаудан кейін беріледі.
4.2. Ақша жіберілгенге дейін Қарыз алушы микрокредиттен бас тартуға құқылы. Бұл ретте \
шарт төлемдерсіз, комиссияларсыз және тұрақсыздық айыбынсыз жойылады.
## 5. Шарт жасасу
5.1. Шарт электрондық нысанда жасалады: СДАО арқылы биометриялық сәйкестендірумен және \
Қарыз алушының осы құжатқа қойған электрондық цифрлық қолтаңбасымен.
5.2. Осыдан кейін сол құжатқа Қарыз беруші өзінің электрондық цифрлық қолтаңбасын \
қояды; шарт осы қолтаңбаның уақыт белгісінен бастап жасалған болып есептеледі.
5.3. Шарттың мәтіні қазақ және орыс тілдерінде жасалған.
""",
    ru="""\
# ДОГОВОР О ПРЕДОСТАВЛЕНИИ МИКРОКРЕДИТА
№ {number}
Дата договора: {contract_on}
> Редакция текста: {template}
## 1. Стороны
Займодатель: ТОО «МФО Kredit Seven Kazakhstan», creditplus.kz.
Заёмщик: {name}, ИИН {iin}, {identity}.
## 2. Предмет договора
2.1. Займодатель предоставляет Заёмщику микрокредит в сумме {amount}.
2.2. Срок микрокредита: {term_days} дн. с даты выдачи.
2.3. Микрокредит предоставляется переводом с банковского счёта Займодателя на \
банковский счёт (платёжную карту), если подтверждена принадлежность Заёмщику: {account}.
2.4. Вознаграждение: {annual_percent} годовых на остаток долга, за каждый день со дня \
выдачи; в году 365 дней.
2.5. Годовая эффективная ставка вознаграждения (ГЭСВ): {gesv}.
2.6. Комиссии и иные платежи за пользование микрокредитом договором не установлены.
## 3. График погашения
Метод погашения, выбранный Заёмщиком: {repayment}.
При выдаче {issued_on}:
{schedule}
Все платежи: {total}, из них вознаграждение {interest}.
3.1. После выдачи составляется график от дня поступления денег Заёмщику; \
вознаграждение до этого дня не начисляется, а ГЭСВ не превышает предельной.
3.2. Платёж, срок которого выпадает на нерабочий день, вносится в следующий рабочий.
## 4. Выдача и отказ
4.1. Микрокредит выдаётся не ранее чем через 24 часа после заключения договора и \
получения дополнительного согласия Заёмщика, а в случаях, предусмотренных \
законодательством, также после повторного подтверждения по истечении этого срока.
4.2. До отправки денег Заёмщик вправе отказаться от микрокредита. Договор при этом \
аннулируется без выплат, комиссий и неустойки.
## 5. Заключение договора
5.1. Договор заключается в электронной форме: биометрической идентификацией через \
ЦОИД и электронной цифровой подписью Заёмщика под этим документом.
5.2. После этого тот же документ подписывает электронной цифровой подписью \
Займодатель; договор считается заключённым с момента, указанного меткой времени этой \
подписи.
5.3. Текст договора составлен на казахском и русском языках.
""",
)

AMENDMENT_1: Final = Template(
    kind="amendment",
    version=1,
    kk="""\
# МИКРОКРЕДИТ БЕРУ ТУРАЛЫ ШАРТҚА ҚОСЫМША КЕЛІСІМ
№ {number}
Күні: {amended_on}
> Мәтін редакциясы: {template}
## 1. Тараптар
Қарыз беруші: «МҚҰ Kredit Seven Kazakhstan» ЖШС, creditplus.kz.
Қарыз алушы: {name}, ЖСН {iin}, {identity}.
## 2. Өзгертілетін құжат
2.1. Осы келісім {contract_on} күнгі № {contract_number} микрокредит беру туралы \
шартты өзгертеді.
2.2. Шарт құжатының SHA-256: {contract_sha256}
2.3. Өзгертілетін соңғы құжаттың SHA-256: {previous_sha256}
## 3. Өзгеріс
3.1. Микрокредит аударылатын банк шоты (төлем карточкасы) өзгереді.
Бұрын: {old_account}
Енді: {new_account}
3.2. Шот Қарыз алушыға тиесілі екені расталған жағдайда ғана ақша аударылады.
3.3. Микрокредит осы келісім жасалғаннан және Қарыз алушының қосымша келісімі \
алынғаннан кейін 24 сағаттан ерте берілмейді, ал заңнамада көзделген жағдайларда осы \
мерзім өткеннен кейінгі қайталама растаудан кейін беріледі. Бұрын берілген қайталама \
растау күшін жояды.
3.4. Шарттың қалған талаптары өзгеріссіз қалады. Ақша жіберілгенге дейін Қарыз алушы \
төлемдерсіз, комиссияларсыз және тұрақсыздық айыбынсыз бас тартуға құқылы.
## 4. Келісім жасасу
4.1. Келісім электрондық нысанда жасалады: СДАО арқылы биометриялық сәйкестендірумен \
және Қарыз алушының осы құжатқа қойған электрондық цифрлық қолтаңбасымен.
4.2. Осыдан кейін сол құжатқа Қарыз беруші өзінің электрондық цифрлық қолтаңбасын \
қояды; келісім осы қолтаңбаның уақыт белгісінен бастап жасалған болып есептеледі.
4.3. Келісімнің мәтіні қазақ және орыс тілдерінде жасалған.
""",
    ru="""\
# ДОПОЛНИТЕЛЬНОЕ СОГЛАШЕНИЕ К ДОГОВОРУ О ПРЕДОСТАВЛЕНИИ МИКРОКРЕДИТА
№ {number}
Дата: {amended_on}
> Редакция текста: {template}
## 1. Стороны
Займодатель: ТОО «МФО Kredit Seven Kazakhstan», creditplus.kz.
Заёмщик: {name}, ИИН {iin}, {identity}.
## 2. Изменяемый документ
2.1. Соглашение изменяет договор о предоставлении микрокредита № {contract_number} от \
{contract_on}.
2.2. SHA-256 документа договора: {contract_sha256}
2.3. SHA-256 последнего изменяемого документа: {previous_sha256}
## 3. Изменение
3.1. Изменяется банковский счёт (платёжная карта), на который переводится микрокредит.
Было: {old_account}
Стало: {new_account}
3.2. Деньги переводятся, только если подтверждена принадлежность счёта Заёмщику.
3.3. Микрокредит выдаётся не ранее чем через 24 часа после заключения этого соглашения \
и получения дополнительного согласия Заёмщика, а в случаях, предусмотренных \
законодательством, также после повторного подтверждения по истечении этого срока. \
Данное ранее повторное подтверждение утрачивает силу.
3.4. Остальные условия договора не меняются. До отправки денег Заёмщик вправе \
отказаться от микрокредита без выплат, комиссий и неустойки.
## 4. Заключение соглашения
4.1. Соглашение заключается в электронной форме: биометрической идентификацией через \
ЦОИД и электронной цифровой подписью Заёмщика под этим документом.
4.2. После этого тот же документ подписывает электронной цифровой подписью \
Займодатель; соглашение считается заключённым с момента, указанного меткой времени \
этой подписи.
4.3. Текст соглашения составлен на казахском и русском языках.
""",
)

FIRST: Final[dict[TemplateKind, Template]] = {
    "contract": CONTRACT_3,
    "amendment": AMENDMENT_1,
}
"""The editions the platform is delivered with; contracts 1 and 2 were plain text."""
