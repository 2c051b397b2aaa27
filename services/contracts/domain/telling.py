"""What a client is told of an application or a contract, and what comes next.

In the three languages of the platform.  What must not be told apart shares its words
and its code: who stands on a list of the АФМ learns as much as whom antifraud stopped.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from services.contracts.domain.amendment import Amendment, has_lapsed
from services.contracts.domain.application import Application, ApplicationState
from services.contracts.domain.contract import Contract
from services.contracts.domain.states import PAID_OUT, AmendmentState, ContractState


@dataclass(frozen=True, slots=True)
class Telling:
    """One explanation with its next step: Kazakh, Russian, English."""

    kk: str
    ru: str
    en: str


_SAFE: Final[Mapping[str, str]] = MappingProxyType({"monitoring": "antifraud"})
_WAITING: Final = Telling(
    "Өтінішіңізді тексеріп жатырмыз. Күте тұрыңыз, шешім осы жерде пайда болады.",
    "Мы проверяем заявку. Подождите: решение появится здесь.",
    "Your application is being checked. Wait: the decision will appear here.",
)
_OFFERED: Final = Telling(
    "Өтініш мақұлданды. Шартты оқып, қол қойыңыз.",
    "Заявка одобрена. Прочитайте договор и подпишите его.",
    "Your application is approved. Read the contract and sign it.",
)
_DECLINED: Final = Telling(
    "Өтініш қабылданбады. Себебін білу үшін бізге жазыңыз.",
    "В заявке отказано. Чтобы узнать больше, напишите нам.",
    "Your application is declined. Write to us to learn more.",
)
REFUSALS: Final[Mapping[str, Telling]] = MappingProxyType(
    {
        "amount_above_maximum": Telling(
            "Сома бір қарыз берушіге рұқсат етілгеннен көп. Аз сома сұраңыз.",
            "Сумма больше, чем вправе дать один кредитор. Запросите меньшую.",
            "The amount is more than one lender may give. Ask for less.",
        ),
        "gesv_above_cap": Telling(
            "Мұндай шарттарда қарыз заң рұқсат еткеннен қымбат. Басқа мерзім таңдаңыз.",
            "На таких условиях заём дороже, чем позволяет закон. Выберите другой срок.",
            "On these terms the loan costs more than the law allows. Choose another"
            " term.",
        ),
        "account_not_proved": Telling(
            "Шоттың сізге тиесілі екені расталмады. Басқа шот көрсетіңіз.",
            "Не подтверждено, что счёт ваш. Укажите другой счёт.",
            "The account is not shown to be yours. Name another account.",
        ),
        "credit_report_consent_missing": Telling(
            "Кредиттік бюроға сұрау салуға келісім жоқ. Келісім беріп, қайта өтініңіз.",
            "Нет согласия на запрос в кредитное бюро. Дайте его и подайте заявку"
            " снова.",
            "There is no consent to a credit report. Give it and apply again.",
        ),
        "personal_data_consent_missing": Telling(
            "Дербес деректерге келісім жоқ. Келісім беріп, қайта өтініңіз.",
            "Нет согласия на обработку данных. Дайте его и подайте заявку снова.",
            "There is no consent to the use of your data. Give it and apply again.",
        ),
        "stop_credit": Telling(
            "Сіз микрокредиттерден өз еркіңізбен бас тартқансыз. Бұл тыйымды eGov-та"
            " алып тастауға болады.",
            "Вы добровольно отказались от микрокредитов. Снять запрет можно на eGov.",
            "You have refused microcredits of your own will. The ban can be lifted on"
            " eGov.",
        ),
        "debt_burden_too_high": Telling(
            "Қарыз жүктемеңіз рұқсат етілген шектен жоғары. Аз сома сұраңыз немесе"
            " бұрынғы қарыздарды азайтыңыз.",
            "Долговая нагрузка выше допустимой. Запросите меньше или уменьшите прежние"
            " долги.",
            "Your debt burden is above the limit. Ask for less or reduce earlier"
            " debts.",
        ),
        "personal_visit_required": Telling(
            "Мұндай сомадағы алғашқы онлайн микрокредит үшін кеңсеге келу керек."
            " Жеке куәлігіңізбен келіп, қайта өтініңіз.",
            "Для первого онлайн-микрокредита на такую сумму нужен личный визит. Придите"
            " с документом в офис и подайте заявку снова.",
            "A first online microcredit of this amount needs a personal visit. Come to"
            " an office with your document, then apply again.",
        ),
        "conscript": Telling(
            "Әскери қызмет кезінде жаңа микрокредит берілмейді. Қызметтен кейін"
            " өтініңіз.",
            "Во время срочной службы новые микрокредиты не выдаются. Обратитесь после"
            " службы.",
            "No new microcredits are given during military service. Apply after it.",
        ),
        "spouse_consent_missing": Telling(
            "Мұндай сома үшін жұбайыңыздың келісімі керек. Ол келісімді eGov арқылы"
            " берсін, содан кейін қайта өтініңіз.",
            "Для такой суммы нужно согласие супруга или супруги. Пусть оно будет дано"
            " на"
            " eGov, затем подайте заявку снова.",
            "This amount needs your spouse's consent. Let it be given on eGov, then"
            " apply again.",
        ),
        "additional_consent_missing": Telling(
            "Сіздің жасыңызда келісімді қосымша растау керек. Оны eGov-та растап, қайта"
            " өтініңіз.",
            "В вашем возрасте согласие нужно подтвердить дополнительно. Подтвердите его"
            " на eGov и подайте заявку снова.",
            "At your age the consent has to be confirmed once more. Confirm it on eGov,"
            " then apply again.",
        ),
        "antifraud": _DECLINED,
        "not_established": Telling(
            "Шешімге қажетті деректерді алу мүмкін болмады. Кейінірек қайта өтініңіз.",
            "Не удалось получить сведения, нужные для решения. Подайте заявку позже.",
            "What the decision needs could not be obtained. Apply again later.",
        ),
    }
)
"""By the code the client sees; each names what can be done."""

STATES: Final[Mapping[str, Telling]] = MappingProxyType(
    {
        "sign": Telling(
            "Шарт дайын. Оқып, биометрия және ЭЦҚ арқылы қол қойыңыз.",
            "Договор готов. Прочитайте и подпишите его: биометрия и ЭЦП.",
            "The contract is ready. Read it and sign it with biometrics and your ЭЦП.",
        ),
        "give_consent": Telling(
            "Шартқа қол қойылды. Ақша алу үшін қосымша келісім беріңіз немесе бас"
            " тартыңыз.",
            "Договор подписан. Чтобы получить деньги, дайте дополнительное согласие,"
            " или"
            " откажитесь.",
            "The contract is signed. To get the money give the additional consent, or"
            " refuse the loan.",
        ),
        "wait_for_signature": Telling(
            "Сіз шартқа қол қойдыңыз. Енді компания қол қояды; шарт содан кейін"
            " жасалады.",
            "Вы подписали договор. Теперь его подпишет компания; после этого он будет"
            " заключён.",
            "You have signed the contract. The company signs it now; then it is"
            " concluded.",
        ),
        "wait_for_hold": Telling(
            "Ойлану мерзімі жүріп жатыр. Оған дейін ақша аударылмайды; кез келген"
            " уақытта"
            " тегін бас тартуға болады.",
            "Идёт период охлаждения. До его конца деньги не переводятся; отказаться"
            " можно"
            " в любой момент бесплатно.",
            "The cooling-off period runs. No money moves before its end; you may refuse"
            " at any time, free of charge.",
        ),
        "confirm_release": Telling(
            "Ойлану мерзімі аяқталды. Ақша алу үшін қайта растаңыз немесе бас"
            " тартыңыз.",
            "Период охлаждения прошёл. Чтобы получить деньги, подтвердите ещё раз, или"
            " откажитесь.",
            "The cooling-off period is over. Confirm once more to get the money, or"
            " refuse the loan.",
        ),
        "wait_for_payout": Telling(
            "Ақша аударылуда. Ештеңе істеудің қажеті жоқ.",
            "Деньги переводятся. Делать ничего не нужно.",
            "The money is on its way. There is nothing to do.",
        ),
        "wait_for_refusal": Telling(
            "Сіз бас тарттыңыз. Аударымды тоқтатып жатырмыз; нәтижесі осы жерде"
            " пайда болады.",
            "Вы отказались. Мы останавливаем перевод; итог появится здесь.",
            "You refused. The transfer is being stopped; the outcome will appear here.",
        ),
        "amendment": Telling(
            "Шарттағы шот өзгеріп жатыр, ақша тоқтап тұр. Қосымша келісімді оқып, қол"
            " қойыңыз немесе бас тартыңыз.",
            "Счёт в договоре меняется, деньги стоят. Прочитайте и подпишите"
            " дополнительное соглашение, или откажитесь от займа.",
            "The account in the contract is changing and no money moves. Read and sign"
            " the amendment, or refuse the loan.",
        ),
        "active": Telling(
            "Микрокредит берілді. Кесте бойынша төлеңіз; мерзімінен бұрын да болады.",
            "Микрокредит выдан. Платите по графику; можно и досрочно.",
            "The microcredit is paid out. Pay by the schedule, or earlier.",
        ),
        "closed": Telling(
            "Микрокредит толық өтелді, шарт жабылды. Артық төленген ақша болса,"
            " ол сіздікі: қайтару үшін бізге жазыңыз.",
            "Микрокредит погашен полностью, договор закрыт. Если переплатили, деньги"
            " ваши: напишите нам, чтобы вернуть их.",
            "The microcredit is repaid in full and the contract is closed. What was"
            " paid too much is yours: write to us to get it back.",
        ),
        "blocked": Telling(
            "Деректер сәйкес келмеді, шарт тоқтатылды. Ақша аударылмайды; бізге"
            " жазыңыз.",
            "Данные не сошлись, договор остановлен. Деньги не будут переведены;"
            " напишите"
            " нам.",
            "The data did not agree and the contract is stopped. No money will move;"
            " write to us.",
        ),
    }
)

ENDS: Final[Mapping[str, Telling]] = MappingProxyType(
    {
        "client_refused": Telling(
            "Сіз бас тарттыңыз: ақша да, төлем де жоқ. Қажет болса, қайта өтініңіз.",
            "Вы отказались: ни денег, ни платежей. Если понадобится, подайте заявку"
            " снова.",
            "You refused: no money and no charges. Apply again if you need to.",
        ),
        "payout_rejected": Telling(
            "Банк аударымды қабылдамады, шарт жойылды. Басқа шот көрсетіп, қайта"
            " өтініңіз.",
            "Банк не принял перевод, договор аннулирован. Укажите другой счёт и подайте"
            " заявку снова.",
            "The bank did not take the transfer and the contract is annulled. Name"
            " another account and apply again.",
        ),
        "stop_credit": REFUSALS["stop_credit"],
        "antifraud": Telling(
            "Компания шартқа қол қоймады, ол жойылды: ақша да, төлем де жоқ. Себебін"
            " білу үшін бізге жазыңыз.",
            "Компания не подписала договор, он аннулирован: ни денег, ни платежей."
            " Чтобы узнать больше, напишите нам.",
            "The company has not signed the contract, and it is annulled: no money, no"
            " charges. Write to us to learn more.",
        ),
        "not_established": Telling(
            "Шартқа қол қоюға қажетті деректерді алу мүмкін болмады, ол жойылды: ақша"
            " да, төлем де жоқ. Кейінірек қайта өтініңіз.",
            "Не удалось получить сведения, нужные, чтобы подписать договор; он"
            " аннулирован: ни денег, ни платежей. Подайте заявку позже.",
            "What is needed to sign the contract could not be obtained, and it is"
            " annulled: no money, no charges. Apply again later.",
        ),
        "identity_changed": Telling(
            "Аты-жөніңіз немесе құжатыңыз өзгерді, ал шартта бұрынғысы тұр: оған қол"
            " қойылмайды, төлем де жоқ. Қайта өтініңіз, жаңа шартта қазіргі деректер"
            " болады.",
            "Ваше имя или документ изменились, а в договоре прежние: он не"
            " подписывается, платить по нему нечего. Подайте заявку снова, в новом"
            " договоре будут нынешние данные.",
            "Your names or your document have changed, and the contract has the former"
            " ones: it is signed no more and costs nothing. Apply again, the new"
            " contract will name you as you are.",
        ),
        "amendment_expired": Telling(
            "Қосымша келісімге уақытында қол қойылмады, шарт жойылды: ақша да, төлем"
            " де жоқ. Қайта өтінуге болады.",
            "Дополнительное соглашение не подписано в срок, договор аннулирован: ни"
            " денег, ни платежей. Можно подать заявку снова.",
            "The amendment was not signed in time and the contract is annulled: no"
            " money, no charges. You may apply again.",
        ),
    }
)
AMENDMENTS: Final[Mapping[str, Telling]] = MappingProxyType(
    {
        "wait": Telling(
            "Қосымша келісім дайындалып жатыр. Ақша аударылмайды; күте тұрыңыз.",
            "Дополнительное соглашение готовится. Деньги не переводятся; подождите.",
            "The amendment is being drawn up. No money moves; wait.",
        ),
        "sign": Telling(
            "Қосымша келісім дайын. Оқып, биометрия және ЭЦҚ арқылы қол қойыңыз;"
            " содан кейін ойлану мерзімі қайта басталады.",
            "Дополнительное соглашение готово. Прочитайте и подпишите его: биометрия и"
            " ЭЦП; после этого период охлаждения начнётся заново.",
            "The amendment is ready. Read it and sign it with biometrics and your ЭЦП;"
            " then the cooling-off period begins anew.",
        ),
        "wait_for_signature": Telling(
            "Сіз қосымша келісімге қол қойдыңыз. Енді компания қол қояды.",
            "Вы подписали дополнительное соглашение. Теперь его подпишет компания.",
            "You have signed the amendment. The company signs it now.",
        ),
        "concluded": Telling(
            "Қосымша келісім жасалды: ақша жаңа шотқа ойлану мерзімінен кейін"
            " аударылады.",
            "Дополнительное соглашение заключено: деньги переведут на новый счёт после"
            " периода охлаждения.",
            "The amendment is concluded: the money goes to the new account after the"
            " cooling-off period.",
        ),
        "payout_too_late": Telling(
            "Ақша жолда, шотты өзгертуге кеш. Бұрынғы шотты тексеріңіз.",
            "Деньги уже в пути, менять счёт поздно. Проверьте прежний счёт.",
            "The money is on its way; it is too late to change the account. Look at"
            " the former account.",
        ),
        "ended": Telling(
            "Қосымша келісім күшіне енбей аяқталды. Шарттың күйін қараңыз.",
            "Дополнительное соглашение закончилось, не вступив в силу. Посмотрите"
            " состояние договора.",
            "The amendment ended without taking effect. Look at the contract's state.",
        ),
    }
)
"""By the step, or how it ended."""
_SILENT: Final = Telling(
    "Жауап болмағандықтан шарт жойылды: ақша да, төлем де жоқ. Қайта өтінуге болады.",
    "Ответа не было, договор аннулирован: ни денег, ни платежей. Можно подать заявку"
    " снова.",
    "There was no answer and the contract is annulled: no money, no charges. You may"
    " apply again.",
)


_EXPIRED: Final = Telling(
    "Ұсыныстың мерзімі өтті, шарт жасалған жоқ: ақша да, төлем де жоқ. Қайта өтінуге"
    " болады.",
    "Срок предложения истёк, договор не заключён: ни денег, ни платежей. Можно подать"
    " заявку снова.",
    "The offer has expired and no contract was concluded: no money, no charges. You"
    " may apply again.",
)


def refusal_code_told(application: Application) -> str | None:
    """The code of a refusal as its client may know it."""
    code = application.refusal_code
    return code if code is None else _SAFE.get(code, code)


def of_application(application: Application) -> Telling:
    """Where it stands and what the client can do."""
    match application.state:
        case ApplicationState.OFFERED:
            return _OFFERED
        case ApplicationState.REFUSED:
            return REFUSALS.get(refusal_code_told(application) or "", _DECLINED)
        case _:
            return _WAITING


def of_contract(contract: Contract, *, next_step: str) -> Telling:
    """Where it stands and what the client can do at the step `next_step`."""
    if contract.state is ContractState.EXPIRED:
        return _EXPIRED
    if contract.state is ContractState.ANNULLED:
        return ENDS.get(contract.end_code or "", _SILENT)
    if contract.state in (*PAID_OUT, ContractState.BLOCKED):
        return STATES[contract.state.value]
    return STATES[next_step]


def amendment_step(amendment: Amendment, *, at: datetime) -> str:
    """What the client can do, or waits for, at that instant."""
    if amendment.state is AmendmentState.REQUESTED:
        return "wait"
    if amendment.awaits_company:
        return "wait_for_signature"
    if amendment.is_open and not has_lapsed(amendment, at=at):
        return "sign"
    return "none"


def of_amendment(amendment: Amendment, *, next_step: str) -> Telling:
    """Where an amendment stands and what the client can do."""
    if next_step != "none":
        return AMENDMENTS[next_step]
    if amendment.state is AmendmentState.CONCLUDED:
        return AMENDMENTS["concluded"]
    return AMENDMENTS.get(amendment.end_code or "", AMENDMENTS["ended"])
