"""What we write to a client's phone, word for word, in the client's language.

No message names a sum, a name or a number: a phone may lie in another's hands.  A
change of words is a new version, which is recorded with every message; that no words
change without one, a style test holds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from services.auth.domain.languages import Language

Template = Literal[
    "code_registration",
    "code_login",
    "code_consent",
    "code_release",
    "code_step_up",
    "code_recovery",
    "code_phone_change",
    "recovery_notice",
    "phone_given_up_notice",
    "phone_taken_notice",
    "account_changed",
    "account_added",
    "account_selected",
    "account_removed",
    "identity_changed",
    "login_notice",
    "password_notice",
    "factor_notice",
    "passkey_suspended_notice",
    "contract_signed",
    "contract_annulled",
    "offer_expired",
    "offer_outdated",
    "application_not_established",
    "inquiry_answered",
    "inquiry_extended",
    "inquiry_closed",
    "appeal_answered",
    "appeal_extended",
    "consent_awaited",
    "release_awaited",
    "amendment_awaited",
    "amendment_offered",
    "amendment_ended",
    "contract_amended",
    "payout_due_confirm",
    "payout_due",
    "payout_settled",
    "payment_received",
    "payment_reversed",
    "payment_overdue",
    "overdue_ended",
    "schedule_reissued",
    "accrual_stopped",
    "accrual_resumed",
    "contract_closed",
    "contract_reopened",
    "account_lost",
    "operation_suspended",
    "incident_notice",
    "document_expiring",
    "document_expired",
    "erasure_requested",
]
TEMPLATES: Final[tuple[Template, ...]] = get_args(Template)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """One template in every language, with the same blanks to fill."""

    version: int
    kk: str
    ru: str
    en: str

    def in_language(self, language: Language) -> str:
        """The text of one language, its blanks open."""
        match language:
            case "kk":
                return self.kk
            case "en":
                return self.en
            case "ru":
                return self.ru


WORDINGS: Final[Mapping[Template, Wording]] = {
    "code_registration": Wording(
        version=1,
        kk=(
            "{site}: нөмірді растау коды {code}. "
            "{minutes} мин жарамды. Оны ешкімге айтпаңыз."
        ),
        ru=(
            "{site}: код подтверждения номера {code}. "
            "Действует {minutes} мин. Никому его не сообщайте."
        ),
        en=(
            "{site}: the code that confirms your number is {code}. "
            "Valid for {minutes} min. Tell it to nobody."
        ),
    ),
    "code_login": Wording(
        version=1,
        kk="{site}: кіру коды {code}. {minutes} мин жарамды. Оны ешкімге айтпаңыз.",
        ru=(
            "{site}: код входа {code}. "
            "Действует {minutes} мин. Никому его не сообщайте."
        ),
        en="{site}: login code {code}. Valid for {minutes} min. Tell it to nobody.",
    ),
    "code_consent": Wording(
        version=1,
        kk=(
            "{site}: микрокредит беруге келісім коды {code}. "
            "{minutes} мин жарамды. Оны ешкімге айтпаңыз."
        ),
        ru=(
            "{site}: код согласия на выдачу микрокредита {code}. "
            "Действует {minutes} мин. Никому его не сообщайте."
        ),
        en=(
            "{site}: the code of your consent to the microcredit is {code}. "
            "Valid for {minutes} min. Tell it to nobody."
        ),
    ),
    "code_release": Wording(
        version=1,
        kk=(
            "{site}: микрокредит беруді растау коды {code}. "
            "{minutes} мин жарамды. Оны ешкімге айтпаңыз."
        ),
        ru=(
            "{site}: код подтверждения выдачи микрокредита {code}. "
            "Действует {minutes} мин. Никому его не сообщайте."
        ),
        en=(
            "{site}: the code that releases the microcredit is {code}. "
            "Valid for {minutes} min. Tell it to nobody."
        ),
    ),
    "code_step_up": Wording(
        version=1,
        kk=(
            "{site}: кіру тәсілдерін өзгерту коды {code}. "
            "{minutes} мин жарамды. Оны ешкімге айтпаңыз."
        ),
        ru=(
            "{site}: код для изменения способов входа {code}. "
            "Действует {minutes} мин. Никому его не сообщайте."
        ),
        en=(
            "{site}: the code that changes your ways of logging in is {code}. "
            "Valid for {minutes} min. Tell it to nobody."
        ),
    ),
    "code_recovery": Wording(
        version=1,
        kk=(
            "{site}: құпиясөзді қалпына келтіру коды {code}. "
            "{minutes} мин жарамды. Оны ешкімге айтпаңыз."
        ),
        ru=(
            "{site}: код восстановления пароля {code}. "
            "Действует {minutes} мин. Никому его не сообщайте."
        ),
        en=(
            "{site}: the code that recovers your password is {code}. "
            "Valid for {minutes} min. Tell it to nobody."
        ),
    ),
    "code_phone_change": Wording(
        version=1,
        kk=(
            "{site}: жаңа нөмірді растау коды {code}. "
            "{minutes} мин жарамды. Оны ешкімге айтпаңыз."
        ),
        ru=(
            "{site}: код подтверждения нового номера {code}. "
            "Действует {minutes} мин. Никому его не сообщайте."
        ),
        en=(
            "{site}: the code that confirms your new number is {code}. "
            "Valid for {minutes} min. Tell it to nobody."
        ),
    ),
    "recovery_notice": Wording(
        version=1,
        kk=(
            "{site}: жеке кабинетке кіруді қалпына келтіру {moment} басталды. "
            "Егер бұл сіз болмасаңыз, бізге бірден хабарлаңыз."
        ),
        ru=(
            "{site}: начато восстановление доступа к личному кабинету {moment}. "
            "Если это были не вы, сразу сообщите нам."
        ),
        en=(
            "{site}: a recovery of access to your cabinet was begun on {moment}. "
            "If it was not you, tell us at once."
        ),
    ),
    "phone_given_up_notice": Wording(
        version=1,
        kk=(
            "{site}: бұл нөмір {moment} бастап жеке кабинетке кірмейді: логин "
            "өзгертілді. Егер бұл сіз болмасаңыз, бізге бірден хабарлаңыз."
        ),
        ru=(
            "{site}: этот номер больше не открывает личный кабинет: логин изменён "
            "{moment}. Если это были не вы, сразу сообщите нам."
        ),
        en=(
            "{site}: this number no longer opens your cabinet: the login was changed "
            "on {moment}. If it was not you, tell us at once."
        ),
    ),
    "phone_taken_notice": Wording(
        version=1,
        kk=(
            "{site}: бұл нөмір {moment} бастап жеке кабинетіңіздің логині. "
            "Қайта кіріңіз. Егер бұл сіз болмасаңыз, бізге бірден хабарлаңыз."
        ),
        ru=(
            "{site}: этот номер — логин вашего личного кабинета с {moment}. "
            "Войдите заново. Если это были не вы, сразу сообщите нам."
        ),
        en=(
            "{site}: this number is the login of your cabinet since {moment}. "
            "Log in again. If it was not you, tell us at once."
        ),
    ),
    "account_changed": Wording(
        version=1,
        kk=(
            "{site}: банк шоты {moment} өзгертілді. "
            "Егер бұл сіз болмасаңыз, бізге бірден хабарлаңыз."
        ),
        ru=(
            "{site}: банковский счёт изменён {moment}. "
            "Если это были не вы, сразу сообщите нам."
        ),
        en=(
            "{site}: your bank account was changed on {moment}. "
            "If it was not you, tell us at once."
        ),
    ),
    "account_added": Wording(
        version=1,
        kk=(
            "{site}: {moment} жаңа банк шоты немесе карта қосылды. "
            "Егер бұл сіз болмасаңыз, бізге бірден хабарлаңыз."
        ),
        ru=(
            "{site}: добавлен банковский счёт или карта {moment}. "
            "Если это были не вы, сразу сообщите нам."
        ),
        en=(
            "{site}: a bank account or card was added on {moment}. "
            "If it was not you, tell us at once."
        ),
    ),
    "account_selected": Wording(
        version=1,
        kk=(
            "{site}: {moment} ақша алу үшін басқа шот таңдалды. "
            "Егер бұл сіз болмасаңыз, бізге бірден хабарлаңыз."
        ),
        ru=(
            "{site}: для получения денег выбран другой счёт {moment}. "
            "Если это были не вы, сразу сообщите нам."
        ),
        en=(
            "{site}: another account was selected for payouts on {moment}. "
            "If it was not you, tell us at once."
        ),
    ),
    "account_removed": Wording(
        version=1,
        kk=(
            "{site}: {moment} банк шоты немесе карта жойылды. "
            "Егер бұл сіз болмасаңыз, бізге бірден хабарлаңыз."
        ),
        ru=(
            "{site}: банковский счёт или карта удалены {moment}. "
            "Если это были не вы, сразу сообщите нам."
        ),
        en=(
            "{site}: a bank account or card was removed on {moment}. "
            "If it was not you, tell us at once."
        ),
    ),
    "identity_changed": Wording(
        version=1,
        kk=(
            "{site}: {moment} жеке басыңыз туралы мәліметтер өзгертілді. "
            "Егер бұл сіз болмасаңыз, бізге бірден хабарлаңыз."
        ),
        ru=(
            "{site}: {moment} изменены сведения о вашей личности. "
            "Если это были не вы, сразу сообщите нам."
        ),
        en=(
            "{site}: who you are was recorded anew on {moment}. "
            "If it was not you, tell us at once."
        ),
    ),
    "factor_notice": Wording(
        version=1,
        kk=(
            "{site}: жеке кабинетке кіру тәсілдері {moment} өзгертілді. "
            "Бұл сіз болмасаңыз, бізге бірден хабарлаңыз."
        ),
        ru=(
            "{site}: способы входа в личный кабинет изменены {moment}. "
            "Если это были не вы, сразу сообщите нам."
        ),
        en=(
            "{site}: your ways of logging in were changed on {moment}. "
            "If it was not you, tell us at once."
        ),
    ),
    "passkey_suspended_notice": Wording(
        version=1,
        kk=(
            "{site}: кіру кілті {moment} өшірілді: оның көшірмесі бар сияқты. "
            "Оны сіз жасамасаңыз, бізге бірден хабарлаңыз."
        ),
        ru=(
            "{site}: ключ доступа отключён {moment}: похоже, у него есть копия. "
            "Если вы её не делали, сразу сообщите нам."
        ),
        en=(
            "{site}: a passkey was switched off on {moment}: it seems to have a copy. "
            "If you did not make one, tell us at once."
        ),
    ),
    "login_notice": Wording(
        version=1,
        kk=(
            "{site}: жеке кабинетке {moment} кірді. "
            "Егер бұл сіз болмасаңыз, бізге бірден хабарлаңыз."
        ),
        ru=(
            "{site}: выполнен вход в личный кабинет {moment}. "
            "Если это были не вы, сразу сообщите нам."
        ),
        en=(
            "{site}: somebody logged in to your cabinet on {moment}. "
            "If it was not you, tell us at once."
        ),
    ),
    "password_notice": Wording(
        version=1,
        kk=(
            "{site}: жеке кабинеттің құпиясөзі {moment} орнатылды. "
            "Егер бұл сіз болмасаңыз, бізге бірден хабарлаңыз."
        ),
        ru=(
            "{site}: пароль личного кабинета установлен {moment}. "
            "Если это были не вы, сразу сообщите нам."
        ),
        en=(
            "{site}: the password of your cabinet was set on {moment}. "
            "If it was not you, tell us at once."
        ),
    ),
    "contract_signed": Wording(
        version=1,
        kk=(
            "{site}: шартқа {moment} қол қойылды. "
            "Егер бұл сіз болмасаңыз, бізге бірден хабарлаңыз."
        ),
        ru=(
            "{site}: договор подписан {moment}. "
            "Если это были не вы, сразу сообщите нам."
        ),
        en=(
            "{site}: a contract was signed on {moment}. "
            "If it was not you, tell us at once."
        ),
    ),
    "contract_annulled": Wording(
        version=1,
        kk="{site}: шарт күшін жойды, ақша аударылмайды. Толығырақ жеке кабинетте.",
        ru=(
            "{site}: договор аннулирован, деньги переведены не будут. "
            "Подробности в личном кабинете."
        ),
        en=(
            "{site}: the contract is annulled and no money will be paid. "
            "See your cabinet."
        ),
    ),
    "offer_expired": Wording(
        version=1,
        kk=(
            "{site}: ұсыныстың мерзімі өтті, шартқа қол қойылмады. "
            "Қажет болса, жеке кабинетте қайта өтініңіз."
        ),
        ru=(
            "{site}: срок предложения истёк, договор не подписан. "
            "Если заём нужен, подайте заявку снова в личном кабинете."
        ),
        en=(
            "{site}: the offer has expired, the contract was not signed. "
            "If the loan is needed, apply again in your cabinet."
        ),
    ),
    "offer_outdated": Wording(
        version=1,
        kk=(
            "{site}: деректеріңіз өзгергендіктен бұрынғы шартқа қол қойылмайды. "
            "Қажет болса, жеке кабинетте қайта өтініңіз."
        ),
        ru=(
            "{site}: ваши данные изменились, прежний договор не подписывается. "
            "Если заём нужен, подайте заявку снова в личном кабинете."
        ),
        en=(
            "{site}: your data have changed, the contract that has the former ones is "
            "signed no more. If the loan is needed, apply again in your cabinet."
        ),
    ),
    "application_not_established": Wording(
        version=1,
        kk=(
            "{site}: өтінішіңіз бойынша шешімге қажетті деректер алынбады, ол "
            "аяқталды. Толығырақ жеке кабинетте."
        ),
        ru=(
            "{site}: сведения, нужные для решения по вашей заявке, не получены; "
            "она завершена. Подробности в личном кабинете."
        ),
        en=(
            "{site}: what a decision on your application needs could not be obtained; "
            "it has ended. See your cabinet."
        ),
    ),
    "inquiry_answered": Wording(
        version=1,
        kk="{site}: хатыңызға жауап берілді. Оны жеке кабинетте оқыңыз.",
        ru="{site}: на ваше обращение дан ответ. Прочитайте его в личном кабинете.",
        en="{site}: your letter has been answered. Read it in your cabinet.",
    ),
    "inquiry_extended": Wording(
        version=1,
        kk=(
            "{site}: хатыңызға жауап беру мерзімі ұзартылды. "
            "Жаңа мерзім жеке кабинетте."
        ),
        ru=(
            "{site}: срок ответа на ваше обращение продлён. "
            "Новый срок указан в личном кабинете."
        ),
        en=(
            "{site}: the answer to your letter takes longer. "
            "Your cabinet names the new date."
        ),
    ),
    "inquiry_closed": Wording(
        version=1,
        kk="{site}: хатыңыз бойынша хат алмасу аяқталды. Ол жеке кабинетте.",
        ru="{site}: переписка по вашему обращению завершена. Она в личном кабинете.",
        en="{site}: the correspondence on your letter is closed. See your cabinet.",
    ),
    "appeal_answered": Wording(
        version=1,
        kk="{site}: қарсылығыңыз бойынша шешім қабылданды. Оны жеке кабинетте оқыңыз.",
        ru="{site}: по вашему возражению принято решение. Оно в личном кабинете.",
        en="{site}: your appeal has been decided on. Read it in your cabinet.",
    ),
    "appeal_extended": Wording(
        version=1,
        kk=(
            "{site}: қарсылығыңызға жауап беру мерзімі ұзартылды. "
            "Жаңа мерзім жеке кабинетте."
        ),
        ru=(
            "{site}: срок ответа на ваше возражение продлён. "
            "Новый срок указан в личном кабинете."
        ),
        en=(
            "{site}: the answer to your appeal takes longer. "
            "Your cabinet names the new date."
        ),
    ),
    "consent_awaited": Wording(
        version=1,
        kk=(
            "{site}: қосымша келісіміңізді күтіп отырмыз. Жеке кабинетте келісім "
            "беріңіз немесе бас тартыңыз; жауап болмаса, шарт жойылады."
        ),
        ru=(
            "{site}: ждём вашего дополнительного согласия. Дайте его в личном кабинете "
            "или откажитесь; без ответа договор будет аннулирован."
        ),
        en=(
            "{site}: your additional consent is awaited. Give it in your cabinet or "
            "refuse; without an answer the contract is annulled."
        ),
    ),
    "release_awaited": Wording(
        version=1,
        kk=(
            "{site}: микрокредит беруді растауыңызды күтіп отырмыз. Жеке кабинетте "
            "растаңыз немесе бас тартыңыз; жауап болмаса, шарт жойылады."
        ),
        ru=(
            "{site}: ждём подтверждения выдачи микрокредита. Подтвердите её в личном "
            "кабинете или откажитесь; без ответа договор будет аннулирован."
        ),
        en=(
            "{site}: the release of the microcredit awaits your confirmation. Confirm "
            "it in your cabinet or refuse; without an answer the contract is annulled."
        ),
    ),
    "amendment_awaited": Wording(
        version=1,
        kk=(
            "{site}: қосымша келісімге қол қоюыңызды күтіп отырмыз. Жеке кабинетте қол "
            "қойыңыз немесе бас тартыңыз; оған дейін ақша аударылмайды."
        ),
        ru=(
            "{site}: ждём вашей подписи под дополнительным соглашением. Подпишите его "
            "в личном кабинете или откажитесь; до этого деньги не переводятся."
        ),
        en=(
            "{site}: the amendment awaits your signature. Sign it in your cabinet or "
            "refuse; no money moves before that."
        ),
    ),
    "amendment_offered": Wording(
        version=1,
        kk=(
            "{site}: шоттың өзгеруіне байланысты шартқа қосымша келісім дайын, ақша "
            "тоқтап тұр. Жеке кабинетте қол қойыңыз. Бұл сіз болмасаңыз, бірден хабар "
            "беріңіз."
        ),
        ru=(
            "{site}: счёт меняется, к договору готово дополнительное соглашение, "
            "деньги стоят. Подпишите его в личном кабинете. Если это были не вы, сразу "
            "сообщите нам."
        ),
        en=(
            "{site}: the account changes, an amendment of the contract is ready and no "
            "money moves. Sign it in your cabinet. If it was not you, tell us at once."
        ),
    ),
    "amendment_ended": Wording(
        version=1,
        kk=(
            "{site}: қосымша келісім күшіне енбей аяқталды. Шарттың күйін жеке "
            "кабинеттен қараңыз."
        ),
        ru=(
            "{site}: дополнительное соглашение закончилось, не вступив в силу. "
            "Состояние договора смотрите в личном кабинете."
        ),
        en=(
            "{site}: the amendment ended without taking effect. See the contract's "
            "state in your cabinet."
        ),
    ),
    "contract_amended": Wording(
        version=1,
        kk=(
            "{site}: {moment} шартқа қосымша келісім жасалды, ақша басқа шотқа "
            "аударылады. Бұл сіз болмасаңыз, бірден хабар беріңіз."
        ),
        ru=(
            "{site}: {moment} заключено дополнительное соглашение, деньги переведут на "
            "другой счёт. Если это были не вы, сразу сообщите нам."
        ),
        en=(
            "{site}: an amendment was signed on {moment}, the money goes to another "
            "account. If it was not you, tell us at once."
        ),
    ),
    "payout_due_confirm": Wording(
        version=1,
        kk=(
            "{site}: ойлану мерзімі аяқталды. Енді жеке кабинетте микрокредит беруді "
            "растай аласыз немесе одан бас тарта аласыз."
        ),
        ru=(
            "{site}: период охлаждения завершён. Теперь вы можете подтвердить выдачу "
            "микрокредита в личном кабинете или отказаться от него."
        ),
        en=(
            "{site}: the cooling period is over. In your cabinet you may now release "
            "the microcredit or refuse it."
        ),
    ),
    "payout_due": Wording(
        version=1,
        kk=(
            "{site}: ойлану мерзімі аяқталды. Микрокредит шотыңызға аударылады. "
            "Оған дейін жеке кабинетте бас тартуға болады."
        ),
        ru=(
            "{site}: период охлаждения завершён. Микрокредит будет переведён на ваш "
            "счёт. До перевода от него можно отказаться в личном кабинете."
        ),
        en=(
            "{site}: the cooling period is over. The microcredit goes to your account. "
            "Until it does, you may refuse it in your cabinet."
        ),
    ),
    "payout_settled": Wording(
        version=1,
        kk="{site}: микрокредит шотыңызға аударылды.",
        ru="{site}: микрокредит переведён на ваш счёт.",
        en="{site}: the microcredit is on your account.",
    ),
    "payment_received": Wording(
        version=1,
        kk=(
            "{site}: төлеміңіз қабылданды және шартыңызға есептелді. Қарыз "
            "қалдығы жеке кабинетте."
        ),
        ru=(
            "{site}: ваш платёж получен и зачтён по договору. Остаток долга в "
            "личном кабинете."
        ),
        en=(
            "{site}: your payment has come and counts for your contract. See "
            "your cabinet for the debt."
        ),
    ),
    "payment_reversed": Wording(
        version=2,
        kk=(
            "{site}: банк төлемді толық немесе ішінара кері қайтарып алды, "
            "қайтарылғаны енді есептелмейді. Қарызды жеке кабинеттен қараңыз."
        ),
        ru=(
            "{site}: банк отозвал ваш платёж или его часть, отозванное больше не "
            "учитывается. Проверьте долг в личном кабинете."
        ),
        en=(
            "{site}: the bank took your payment or a part of it back; that much "
            "counts no more. See the debt in your cabinet."
        ),
    ),
    "payment_overdue": Wording(
        version=1,
        kk=(
            "{site}: төлем мерзімі өтті. Сома мен реквизиттер жеке кабинетте; "
            "қиындық болса, бізге жазыңыз."
        ),
        ru=(
            "{site}: срок платежа прошёл. Сумма и реквизиты в личном кабинете; "
            "если трудно платить, напишите нам."
        ),
        en=(
            "{site}: a payment is overdue. See the sum and where to pay in "
            "your cabinet; write to us if it is hard."
        ),
    ),
    "overdue_ended": Wording(
        version=1,
        kk=("{site}: мерзімі өткен берешек төленді. Келесі төлем жеке кабинетте."),
        ru=("{site}: просроченный платёж погашен. Следующий платёж в личном кабинете."),
        en=("{site}: what was overdue is paid. See the next payment in your cabinet."),
    ),
    "schedule_reissued": Wording(
        version=1,
        kk=(
            "{site}: мерзімінен бұрын өтеу орындалды, кесте жаңартылды. Ол "
            "жеке кабинетте."
        ),
        ru=(
            "{site}: досрочное погашение исполнено, график составлен заново. "
            "Он в личном кабинете."
        ),
        en=(
            "{site}: the early repayment is carried out and the schedule made "
            "anew. See your cabinet."
        ),
    ),
    "accrual_stopped": Wording(
        version=1,
        kk=(
            "{site}: шарт бойынша сыйақы есептеу тоқтатылды. Толығырақ жеке кабинетте."
        ),
        ru=(
            "{site}: начисление вознаграждения по договору остановлено. "
            "Подробности в личном кабинете."
        ),
        en=("{site}: interest on your contract is stopped. See your cabinet."),
    ),
    "accrual_resumed": Wording(
        version=1,
        kk=(
            "{site}: шарт бойынша сыйақы есептеу қайта басталды. Толығырақ "
            "жеке кабинетте."
        ),
        ru=(
            "{site}: начисление вознаграждения по договору возобновлено. "
            "Подробности в личном кабинете."
        ),
        en=("{site}: interest on your contract accrues again. See your cabinet."),
    ),
    "contract_closed": Wording(
        version=1,
        kk=(
            "{site}: микрокредит толық өтелді, шарт жабылды. Артық төленген "
            "ақша сіздікі: қайтару үшін бізге жазыңыз."
        ),
        ru=(
            "{site}: микрокредит погашен, договор закрыт. Переплата, если она "
            "есть, ваша: напишите нам о возврате."
        ),
        en=(
            "{site}: the microcredit is repaid and the contract closed. What "
            "was paid too much is yours: write to us."
        ),
    ),
    "contract_reopened": Wording(
        version=1,
        kk=(
            "{site}: банк төлемді кері қайтарып алды, шарт бойынша берешек "
            "қалды. Оны жеке кабинеттен қараңыз."
        ),
        ru=(
            "{site}: банк отозвал платёж, по договору остался долг. Проверьте "
            "его в личном кабинете."
        ),
        en=(
            "{site}: the bank took a payment back and a debt is left by your "
            "contract. See your cabinet."
        ),
    ),
    "account_lost": Wording(
        version=1,
        kk=(
            "{site}: банк шотыңыздың сізге тиесілі екені расталмады. "
            "Оны жеке кабинетте тексеріңіз."
        ),
        ru=(
            "{site}: банк не подтвердил, что счёт принадлежит вам. "
            "Проверьте его в личном кабинете."
        ),
        en=(
            "{site}: the bank did not confirm that the account is yours. "
            "Check it in your cabinet."
        ),
    ),
    "operation_suspended": Wording(
        version=1,
        kk=(
            "{site}: қауіпсіздігіңіз үшін операция тоқтатылды. "
            "Бізге хабарласыңыз немесе жеке кабинетті қараңыз."
        ),
        ru=(
            "{site}: для вашей безопасности операция приостановлена. "
            "Свяжитесь с нами или откройте личный кабинет."
        ),
        en=(
            "{site}: for your safety an operation is suspended. "
            "Get in touch with us or open your cabinet."
        ),
    ),
    "incident_notice": Wording(
        version=1,
        kk=(
            "{site}: {moment} сіздің деректеріңізге қатысты болуы мүмкін қауіпсіздік "
            "оқиғасы тіркелді. Бізге хабарласыңыз."
        ),
        ru=(
            "{site}: {moment} зафиксирован инцидент безопасности, который мог "
            "затронуть ваши данные. Свяжитесь с нами."
        ),
        en=(
            "{site}: a security incident of {moment} may have concerned your data. "
            "Get in touch with us."
        ),
    ),
    "document_expiring": Wording(
        version=1,
        kk=(
            "{site}: жеке басыңызды куәландыратын құжаттың мерзімі жақында бітеді. "
            "Оны ауыстырып, бізге хабарласыңыз."
        ),
        ru=(
            "{site}: срок действия вашего документа, удостоверяющего личность, скоро "
            "истекает. Замените его и свяжитесь с нами."
        ),
        en=(
            "{site}: your identity document expires soon. "
            "Renew it and get in touch with us."
        ),
    ),
    "document_expired": Wording(
        version=1,
        kk=(
            "{site}: жеке басыңызды куәландыратын құжаттың мерзімі бітті. "
            "Оны ауыстырып, бізге хабарласыңыз."
        ),
        ru=(
            "{site}: срок действия вашего документа, удостоверяющего личность, истёк. "
            "Замените его и свяжитесь с нами."
        ),
        en=(
            "{site}: your identity document has expired. "
            "Renew it and get in touch with us."
        ),
    ),
    "erasure_requested": Wording(
        version=1,
        kk=(
            "{site}: {moment} деректеріңізді жою сұралды. Егер бұл сіз болмасаңыз, "
            "жеке кабинетте бас тартып, бізге бірден хабарлаңыз."
        ),
        ru=(
            "{site}: {moment} запрошено удаление ваших данных. Если это были не вы, "
            "отмените его в личном кабинете и сразу сообщите нам."
        ),
        en=(
            "{site}: on {moment} the erasure of your data was asked for. If it was not "
            "you, take it back in your cabinet and tell us at once."
        ),
    ),
}
