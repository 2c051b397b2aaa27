"""What a body reads: the notice of an incident, in Russian and in Kazakh (7.3).

Nothing of the moment stands on it, so that who approves it approves its very bytes.
The form that the bodies want is not published: this one says what order №481/НҚ and
the mirror of №217 name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from kernel.papers import Bars, Codes, Grid, Line
from services.audit.domain.incidents.incident import Entry, Incident, Kind, Severity
from services.audit.domain.incidents.notice import Addressee, Notice
from services.audit.domain.report import Person, Report
from services.audit.domain.telling import UNSAID, Language, almaty

SHOWN: Final = frozenset({"alert", "measure", "fact"})
"""Lines of the timeline that are told; notes are for those who work on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a notice is made of."""

    incident: Incident
    notice: Notice
    entries: Sequence[Entry]
    clients: Sequence[UUID]
    contact: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    title: str
    again: str
    to: Mapping[Addressee, str]
    heads: tuple[str, ...]
    kinds: Mapping[Kind, str]
    severities: Mapping[Severity, str]
    timeline: str
    columns: tuple[str, ...]
    said: Mapping[str, str]
    clients: str
    annex: str
    person: tuple[str, ...]


_WORDS: Final[Mapping[Language, _Words]] = {
    "ru": _Words(
        title="Уведомление об инциденте информационной безопасности",
        again="Уведомление дополняет прежнее: стали известны новые обстоятельства.",
        to={
            Addressee.REGULATOR: "Агентство Республики Казахстан по регулированию и"
            " развитию финансового рынка",
            Addressee.PERSONAL_DATA: "Уполномоченный орган в сфере защиты"
            " персональных данных",
        },
        heads=(
            *("Кому", "Номер инцидента", "Номер уведомления", "Вид", "Тяжесть"),
            *("Обнаружен (Алматы)", "Уведомить до (Алматы)", "Остановлен (Алматы)"),
            *("Затронуто клиентов", "Ответственный за обработку данных"),
        ),
        kinds={
            Kind.UNAUTHORISED_ACCESS: "Несанкционированный доступ",
            Kind.UNAUTHORISED_CHANGE: "Несанкционированное изменение информации",
            Kind.FRAUD: "Мошеннические действия",
            Kind.OUTAGE: "Нарушение работы информационных систем",
        },
        severities={
            Severity.LOW: "низкая",
            Severity.MEDIUM: "средняя",
            Severity.HIGH: "высокая",
            Severity.CRITICAL: "критическая",
        },
        timeline="Обстоятельства и принятые меры",
        columns=("Время (Алматы)", "Что", "Описание"),
        said={"alert": "Обнаружено", "measure": "Мера", "fact": "Новое"},
        clients="Затронутые клиенты (номера)",
        annex="Приложение: кого затронул инцидент",
        person=("Номер клиента", "Имя", "ИИН"),
    ),
    "kk": _Words(
        title="Ақпараттық қауіпсіздік оқиғасы туралы хабарлама",
        again="Хабарлама бұрынғыны толықтырады: жаңа мән-жайлар белгілі болды.",
        to={
            Addressee.REGULATOR: "Қазақстан Республикасының Қаржы нарығын реттеу және"
            " дамыту агенттігі",
            Addressee.PERSONAL_DATA: "Дербес деректерді қорғау саласындағы уәкілетті"
            " орган",
        },
        heads=(
            *("Кімге", "Оқиға нөмірі", "Хабарлама нөмірі", "Түрі", "Ауырлығы"),
            *("Анықталды (Алматы)", "Хабарлау мерзімі (Алматы)"),
            *("Тоқтатылды (Алматы)", "Қозғалған клиенттер саны"),
            "Деректерді өңдеуге жауапты",
        ),
        kinds={
            Kind.UNAUTHORISED_ACCESS: "Рұқсатсыз қол жеткізу",
            Kind.UNAUTHORISED_CHANGE: "Ақпаратты рұқсатсыз өзгерту",
            Kind.FRAUD: "Алаяқтық әрекеттер",
            Kind.OUTAGE: "Ақпараттық жүйелер жұмысының бұзылуы",
        },
        severities={
            Severity.LOW: "төмен",
            Severity.MEDIUM: "орташа",
            Severity.HIGH: "жоғары",
            Severity.CRITICAL: "өте жоғары",
        },
        timeline="Мән-жайлар және қабылданған шаралар",
        columns=("Уақыты (Алматы)", "Не", "Сипаттамасы"),
        said={"alert": "Анықталды", "measure": "Шара", "fact": "Жаңа"},
        clients="Қозғалған клиенттер (нөмірлері)",
        annex="Қосымша: оқиға кімге қатысты",
        person=("Клиент нөмірі", "Аты", "ЖСН"),
    ),
}


def notice_paper(facts: Facts, *, language: Language) -> Report:
    """The notice in one language; clients stand on it by their ids alone."""
    words, incident, notice = _WORDS[language], facts.incident, facts.notice
    contained = incident.contained_at
    values = (
        words.to[notice.addressee],
        str(incident.incident_id),
        str(notice.notice_id),
        words.kinds[incident.kind],
        words.severities[incident.severity],
        almaty(incident.detected_at),
        almaty(notice.due_at),
        UNSAID if contained is None else almaty(contained),
        str(len(facts.clients)),
        facts.contact,
    )
    rows = tuple(
        (almaty(each.at), words.said[each.kind], each.text)
        for each in facts.entries
        if each.kind in SHOWN
    )
    parts: list[Line | Grid | Bars | Codes] = [
        Line("title", words.title),
        *([Line("text", words.again)] if notice.round > 1 else []),
        Grid((3, 7), tuple(zip(words.heads, values, strict=True))),
        Line("heading", words.timeline),
        Grid((3, 2, 9), (words.columns, *rows)),
    ]
    if notice.addressee is Addressee.PERSONAL_DATA and facts.clients:
        parts += [
            Line("heading", words.clients),
            *(Line("text", str(client_id)) for client_id in facts.clients),
        ]
    return Report(language=language, title=words.title, parts=tuple(parts))


def annex(persons: Sequence[Person], *, language: Language) -> Report:
    """Whom it concerns, for the body that has to be able to reach them.

    Personal data: it is printed, signed, sealed and sent, and shown to nobody here.
    """
    words = _WORDS[language]
    rows = ((str(one.client_id), one.names, one.iin) for one in persons)
    return Report(
        language=language,
        title=words.annex,
        parts=(Line("title", words.annex), Grid((5, 5, 2), (words.person, *rows))),
    )
