"""What of a customer's data can be taken back after a takeover: contact details and bank accounts."""

from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from authshield.errors import GatewayError
from authshield.vocabulary.ports import AddedRecord
from demo_site.broker.models import BankAccount, ContactDetails

CONTACT, BANK = "contact", "bank_account"


class Records:
    """The demo's own tables; the newest contact details count, so that the ones before count again."""

    def added_since(self, account: str, since: datetime) -> Sequence[AddedRecord]:
        """Contact details and bank accounts that were registered since."""
        mine = {"account_id": int(account), "since_at__gte": since}
        contacts = ContactDetails.objects.filter(**mine).order_by("since_at")
        banks = BankAccount.objects.filter(**mine).order_by("since_at")
        return [
            *(
                AddedRecord(CONTACT, f"C{row.pk}", f"{row.email}, {row.phone}", row.since_at)
                for row in contacts
            ),
            *(AddedRecord(BANK, f"B{row.pk}", row.number, row.since_at) for row in banks),
        ]

    @transaction.atomic
    def remove(self, account: str, reference: str, *, key: str) -> None:
        """Delete the row; what is gone already is fine. The customer is reached as before."""
        del key
        kind, number = reference[:1], reference[1:]
        if kind not in {"C", "B"} or not number.isdigit():
            raise GatewayError(f"Records.remove: there is no record {reference}", permanent=True)
        if kind == "B":
            BankAccount.objects.filter(account_id=int(account), pk=int(number)).delete()
            return
        ContactDetails.objects.filter(account_id=int(account), pk=int(number)).delete()
        newest = ContactDetails.objects.filter(account_id=int(account)).first()
        user = User.objects.filter(pk=int(account)).first()
        if newest is not None and user is not None and user.email != newest.email:
            user.email = newest.email
            user.save(update_fields=["email"])
