// One payment by the client of openapi-generator; what came of it is printed as one line of JSON.
import {
  Configuration, EventPattern, EventsApi, IdempotencyApi, LedgerApi, PaymentsApi, ProblemFromJSON, ResponseError,
  WebhooksApi,
} from './generated/index.js';

const [basePath = '', accessToken = '', run = ''] = process.argv.slice(2);
const configuration = new Configuration({ basePath, accessToken });
const payments = new PaymentsApi(configuration);

// Neither `capture` nor another field that has a default.
const payment = await payments.createPayment({
  idempotencyKey: `${run}-payment`,
  prefer: 'wait=10',
  paymentCreation: {
    amount: 99_999_999_999, currency: 'jpy', paymentMethod: 'pm_card_visa', reference: run, metadata: { run },
  },
});
const refund = await payments.createRefund({
  id: payment.id, idempotencyKey: `${run}-refund`, prefer: 'wait=10', refundOrder: { amount: 500 },
});
const read = await payments.readPayment({ id: payment.id });
const page = await payments.listPayments({ reference: run });
const events = await new EventsApi(configuration).listEvents({ payment: payment.id });
const timeline = await payments.readTimeline({ id: payment.id });
const operations = await payments.listOperations({ id: payment.id });
const ledger = new LedgerApi(configuration);
const account = (await ledger.readBalances()).pending[0]?.account ?? '';
const posting = (await ledger.listPostings({ account })).data[0];
const kept = await new IdempotencyApi(configuration).readIdempotencyKey({ key: `${run}-payment` });
const endpoint = await new WebhooksApi(configuration).createWebhookEndpoint({
  idempotencyKey: `${run}-endpoint`,
  webhookEndpointCreation: {
    url: 'https://shop.example/hooks', enabledEvents: new Set([EventPattern.PaymentSettled]),
  },
});
const missing: unknown = await payments.readPayment({ id: 'pay_01jd3w5ynkfxmrx1v0a9s2e4zg' }).catch((e) => e);
if (!(missing instanceof ResponseError)) throw missing;
const problem = ProblemFromJSON(await missing.response.json());

console.log(JSON.stringify({
  id: payment.id,
  status: payment.status,
  amount: payment.amount,
  charged: read.amountCharged,
  reference: read.reference,
  action: read.nextAction,
  listed: page.data.map((listed) => listed.id),
  next: page.next,
  event: events.data[0]?.type,
  subject: events.data[0]?.data.object.id,
  moment: timeline.data[0]?.name,
  refund: refund.status,
  operation: operations.data[0]?.id === refund.id,
  posting: posting && 'payment' in posting ? posting.payment : undefined,
  key: kept.state,
  endpoint: endpoint.id,
  secret: endpoint.secret,
  errorStatus: missing.response.status,
  errorCode: problem.error.code,
}));
