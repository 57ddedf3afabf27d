// One payment by the client of hey-api; what came of it is printed as one line of JSON.
import { client } from './generated/client.gen.js';
import {
  createPayment, createRefund, createWebhookEndpoint, listEvents, listOperations, listPayments, listPostings,
  readBalances, readIdempotencyKey, readPayment, readTimeline,
} from './generated/sdk.gen.js';

const [baseUrl = '', auth = '', run = ''] = process.argv.slice(2);
client.setConfig({ baseUrl, auth });

// Neither `capture` nor another field that has a default.
const { data: payment } = await createPayment({
  throwOnError: true,
  headers: { 'Idempotency-Key': `${run}-payment`, Prefer: 'wait=10' },
  body: {
    amount: 99_999_999_999, currency: 'jpy', payment_method: 'pm_card_visa', reference: run, metadata: { run },
  },
});
const { data: refund } = await createRefund({
  throwOnError: true,
  path: { id: payment.id },
  headers: { 'Idempotency-Key': `${run}-refund`, Prefer: 'wait=10' },
  body: { amount: 500 },
});
const { data: read } = await readPayment({ throwOnError: true, path: { id: payment.id } });
const { data: page } = await listPayments({ throwOnError: true, query: { reference: run } });
const { data: events } = await listEvents({ throwOnError: true, query: { payment: payment.id } });
const { data: timeline } = await readTimeline({ throwOnError: true, path: { id: payment.id } });
const { data: operations } = await listOperations({ throwOnError: true, path: { id: payment.id } });
const { data: balances } = await readBalances({ throwOnError: true });
const { data: postings } = await listPostings({
  throwOnError: true, path: { account: balances.pending[0]?.account ?? '' },
});
const posting = postings.data[0];
const { data: kept } = await readIdempotencyKey({ throwOnError: true, path: { key: `${run}-payment` } });
const { data: endpoint } = await createWebhookEndpoint({
  throwOnError: true,
  headers: { 'Idempotency-Key': `${run}-endpoint` },
  body: { url: 'https://shop.example/hooks', enabled_events: ['payment.settled'] },
});
const missing = await readPayment({ path: { id: 'pay_01jd3w5ynkfxmrx1v0a9s2e4zg' } });

console.log(JSON.stringify({
  id: payment.id,
  status: payment.status,
  amount: payment.amount,
  charged: read.amount_charged,
  reference: read.reference,
  action: read.next_action,
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
  errorStatus: missing.response?.status,
  errorCode: missing.error?.error.code,
}));
