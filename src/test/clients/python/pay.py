"""One payment by the generated Python client; what came of it is printed as one line of JSON."""
import json
import sys

import millrace

url, key, run = sys.argv[1:]
client = millrace.ApiClient(millrace.Configuration(host=url, access_token=key))
payments = millrace.PaymentsApi(client)

# Neither `capture` nor another field that has a default.
payment = payments.create_payment(
    f"{run}-payment",
    millrace.PaymentCreation(
        amount=99_999_999_999, currency="jpy", payment_method="pm_card_visa", reference=run, metadata={"run": run}),
    prefer="wait=10")
refund = payments.create_refund(
    payment.id, f"{run}-refund", prefer="wait=10", refund_order=millrace.RefundOrder(amount=500))
read = payments.read_payment(payment.id)
page = payments.list_payments(reference=run)
event = millrace.EventsApi(client).list_events(limit=10, payment=payment.id).data[0]
timeline = payments.read_timeline(payment.id)
operation = payments.list_operations(payment.id).data[0].actual_instance
ledger = millrace.LedgerApi(client)
posting = ledger.list_postings(ledger.read_balances().pending[0].account).data[0].actual_instance
kept = millrace.IdempotencyApi(client).read_idempotency_key(f"{run}-payment")
endpoint = millrace.WebhooksApi(client).create_webhook_endpoint(
    f"{run}-endpoint",
    millrace.WebhookEndpointCreation(url="https://shop.example/hooks", enabled_events=["payment.settled"]))
try:
    payments.read_payment("pay_01jd3w5ynkfxmrx1v0a9s2e4zg")
    raise SystemExit("a payment that does not exist was read")
except millrace.exceptions.NotFoundException as e:
    missing = e

print(json.dumps({
    "id": payment.id,
    "status": payment.status.value,
    "amount": payment.amount,
    "charged": read.amount_charged,
    "reference": read.reference,
    "action": read.next_action,
    "listed": [listed.id for listed in page.data],
    "next": page.next,
    "event": event.type.value,
    "subject": event.data.object.actual_instance.id,
    "moment": timeline.data[0].actual_instance.name,
    "refund": refund.status.value,
    "operation": operation.id == refund.id,
    "posting": posting.payment,
    "key": kept.state,
    "endpoint": endpoint.id,
    "secret": endpoint.secret,
    "errorStatus": missing.status,
    "errorCode": missing.data.error.code.value,
}))
