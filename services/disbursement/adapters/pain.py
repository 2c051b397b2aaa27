"""Orders as ISO 20022 pain.001, the bank's reports on them as pain.002.

Both are made and read through classes that stand for the published schemas; what is
sent is held against the schema itself before it leaves.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from pyiso20022.pain import pain_001_001_09 as pain001
from pyiso20022.pain import pain_002_001_10 as pain002
from xmlschema import XMLSchema10
from xsdata.models.datatype import XmlDate, XmlDateTime

from kernel.clock import almaty_date
from kernel.errors import Broken
from kernel.money import MINOR_PER_MAJOR
from kernel.xml import parse_xml, read_message, write_message
from services.disbursement.adapters.partner import LARGEST_ORDER_BYTES, UNSPECIFIED
from services.disbursement.domain.codes import PaymentCodes
from services.disbursement.domain.order import (
    PURPOSE,
    NoAnswer,
    Order,
    OrderReport,
    OrderStatus,
)

NOT_PROVIDED: Final = "NOTPROVIDED"
"""ISO 20022's word where an agent follows from the account."""
_MOST_DIGITS: Final = 15
_SCHEMA: Final = "pain.001.001.09.xsd"
_ISO_CODE: Final = re.compile(r"[A-Z]{2}[0-9]{2}|[A-Z]{4}")

_STATUS: Final[Mapping[str, OrderStatus]] = MappingProxyType(
    {
        **dict.fromkeys(
            ("RCVD", "PDNG", "PATC", "ACTC", "ACCP", "ACFC", "ACWC", "ACWP", "ACSP"),
            OrderStatus.ACCEPTED,
        ),
        # Settled with the bank that is paid, not yet credited to the account.
        "ACSC": OrderStatus.ACCEPTED,
        "ACCC": OrderStatus.SETTLED,
        **dict.fromkeys(("RJCT", "CANC"), OrderStatus.REJECTED),
    }
)
"""ExternalPaymentTransactionStatus1Code; another word is no status we know."""

_REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "AC01": "account_unknown",
        "AC03": "account_unknown",
        "AC04": "account_closed",
        "AC06": "account_blocked",
        "AG01": "transaction_forbidden",
        "AM04": "insufficient_funds",
        "BE01": "creditor_mismatch",
        "FF01": "order_malformed",
    }
)
"""ExternalStatusReason1Code, those that tell the treasurer what to do."""


def initiation(
    order: Order, codes: PaymentCodes, *, company_bin: str, at: datetime
) -> bytes:
    """The order as a pain.001.001.09.  Broken if it breaks the schema."""
    company = _company(company_bin)
    amount = Decimal(order.amount.amount_minor) / MINOR_PER_MAJOR
    document = pain001.Document(
        cstmr_cdt_trf_initn=pain001.CustomerCreditTransferInitiationV09(
            grp_hdr=pain001.GroupHeader85(
                msg_id=order.key,
                cre_dt_tm=XmlDateTime.from_datetime(at.astimezone(UTC)),
                nb_of_txs="1",
                ctrl_sum=amount,
                initg_pty=company,
            ),
            pmt_inf=[
                pain001.PaymentInstruction30(
                    pmt_inf_id=order.key,
                    pmt_mtd=pain001.PaymentMethod3Code.TRF,
                    reqd_exctn_dt=pain001.DateAndDateTime2Choice(
                        dt=XmlDate.from_date(almaty_date(at))
                    ),
                    dbtr=company,
                    dbtr_acct=_account(order.debtor_iban),
                    dbtr_agt=_agent(),
                    chrg_br=pain001.ChargeBearerType1Code.DEBT,
                    cdt_trf_tx_inf=[_transfer(order, codes, amount)],
                )
            ],
        )
    )
    body = write_message(document)
    if not _schema().is_valid(parse_xml(body, at_most=LARGEST_ORDER_BYTES)):
        raise Broken("An order does not fit the schema of pain.001")
    return body


def read_report(body: bytes) -> OrderReport | NoAnswer:
    """What a pain.002.001.10 says of the one order it is about."""
    try:
        message = read_message(pain002.Document, body, at_most=LARGEST_ORDER_BYTES)
        (payment,) = message.cstmr_pmt_sts_rpt.orgnl_pmt_inf_and_sts
        (told,) = payment.tx_inf_and_sts
        return _report(told)
    except (ValueError, LookupError, ArithmeticError, AttributeError, TypeError):
        # An element that the schema leaves out and we cannot do without is None.
        return NoAnswer("bank_answer_unreadable")


def _transfer(
    order: Order, codes: PaymentCodes, amount: Decimal
) -> pain001.CreditTransferTransaction34:
    return pain001.CreditTransferTransaction34(
        pmt_id=pain001.PaymentIdentification6(end_to_end_id=order.key),
        amt=pain001.AmountType4Choice(
            instd_amt=pain001.ActiveOrHistoricCurrencyAndAmount(
                value=amount, ccy=order.amount.currency
            )
        ),
        cdtr=pain001.PartyIdentification135(
            id=pain001.Party38Choice(
                prvt_id=pain001.PersonIdentification13(
                    othr=[
                        pain001.GenericPersonIdentification1(
                            id=order.creditor_iin,
                            schme_nm=pain001.PersonIdentificationSchemeName1Choice(
                                prtry="IIN"
                            ),
                        )
                    ]
                )
            )
        ),
        cdtr_acct=_account(order.creditor_iban),
        purp=pain001.Purpose2Choice(prtry=codes.knp),
        rgltry_rptg=[
            _reported(pain001.RegulatoryReportingType1Code.DEBT, "KOD", codes.kod),
            _reported(pain001.RegulatoryReportingType1Code.CRED, "KBE", codes.kbe),
        ],
        rmt_inf=pain001.RemittanceInformation16(ustrd=[PURPOSE]),
    )


def _company(company_bin: str) -> pain001.PartyIdentification135:
    return pain001.PartyIdentification135(
        id=pain001.Party38Choice(
            org_id=pain001.OrganisationIdentification29(
                othr=[
                    pain001.GenericOrganisationIdentification1(
                        id=company_bin,
                        schme_nm=pain001.OrganisationIdentificationSchemeName1Choice(
                            prtry="BIN"
                        ),
                    )
                ]
            )
        )
    )


def _account(iban: str) -> pain001.CashAccount38:
    return pain001.CashAccount38(id=pain001.AccountIdentification4Choice(iban=iban))


def _agent() -> pain001.BranchAndFinancialInstitutionIdentification6:
    other = pain001.GenericFinancialIdentification1(id=NOT_PROVIDED)
    return pain001.BranchAndFinancialInstitutionIdentification6(
        fin_instn_id=pain001.FinancialInstitutionIdentification18(othr=other)
    )


def _reported(
    side: pain001.RegulatoryReportingType1Code, kind: str, code: str
) -> pain001.RegulatoryReporting3:
    details = pain001.StructuredRegulatoryReporting3(tp=kind, cd=code)
    return pain001.RegulatoryReporting3(dbt_cdt_rptg_ind=side, dtls=[details])


@cache
def _schema() -> XMLSchema10:
    place = files("sepaxml").joinpath("schemas", _SCHEMA)
    return XMLSchema10(place.read_text(encoding="utf-8"))


def _report(told: pain002.PaymentTransaction105) -> OrderReport:
    """Raises what `read_report` takes for an unreadable answer."""
    order = told.orgnl_tx_ref
    amount = order.amt.instd_amt
    return OrderReport(
        order_id=_text(told.acct_svcr_ref),
        end_to_end_id=_text(told.orgnl_end_to_end_id),
        status=_STATUS[told.tx_sts],
        amount_minor=_minor(amount.value),
        currency=amount.ccy,
        debtor_iban=_text(order.dbtr_acct.id.iban),
        creditor_iban=_text(order.cdtr_acct.id.iban),
        settled_at=_credited_at(told),
        reason=_reason(told.sts_rsn_inf),
    )


def _credited_at(told: pain002.PaymentTransaction105) -> datetime | None:
    """When the creditor's account was credited, if the bank says so."""
    if told.trckr_data is None:
        return None
    at: datetime = told.trckr_data.confd_dt.dt_tm.to_datetime()
    if at.tzinfo is None:
        raise ValueError("an instant without a time zone")
    return at.astimezone(UTC)


def _reason(told: list[pain002.StatusReasonInformation12]) -> str:
    """The first reason as a code of ours; it travels in events and logs."""
    if not told or told[0].rsn is None:
        return UNSPECIFIED
    code = told[0].rsn.cd or ""
    if code in _REASONS:
        return _REASONS[code]
    return f"reason_{code.lower()}" if _ISO_CODE.fullmatch(code) else UNSPECIFIED


def _minor(amount: Decimal) -> int:
    if not amount.is_finite() or amount.adjusted() > _MOST_DIGITS:
        raise ValueError("no amount")
    minor = amount * MINOR_PER_MAJOR
    if minor != int(minor):
        raise ValueError("no amount of whole tiyn")
    return int(minor)


def _text(text: str | None) -> str:
    if not text or len(text) > 64:  # noqa: PLR2004 - as every id of a partner's
        raise ValueError("nothing to go by")
    return text
