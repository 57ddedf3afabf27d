// One payment by a client of openapi-typescript; what came of it is printed as one line of JSON.
import createClient from 'openapi-fetch';
import type { components, paths } from './generated/schema.js';

const [url = '', key = '', run = ''] = process.argv.slice(2);
const millrace = createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${key}` } });

function expected<T>(answer: { data?: T; error?: components['schemas']['Problem'] }): T {
  if (answer.data === undefined) throw new Error(answer.error?.detail);
  return answer.data;
}

// Neither `capture` nor another field that has a default.
const payment = expected(await millrace.POST('/v1/payments', {
  params: { header: { 'Idempotency-Key': `${run}-payment`, Prefer: 'wait=10' } },
  body: {
    amount: 99_999_999_999, currency: 'jpy', payment_method: 'pm_card_visa', reference: run, metadata: { run },
  },
}));
const refund = expected(await millrace.POST('/v1/payments/{id}/refunds', {
  params: { path: { id: payment.id }, header: { 'Idempotency-Key': `${run}-refund`, Prefer: 'wait=10' } },
  body: { amount: 500 },
}));
const read = expected(await millrace.GET('/v1/payments/{id}', { params: { path: { id: payment.id } } }));
const page = expected(await millrace.GET('/v1/payments', { params: { query: { reference: run } } }));
const events = expected(await millrace.GET('/v1/events', { params: { query: { payment: payment.id } } }));
const timeline = expected(await millrace.GET('/v1/payments/{id}/timeline', {
  params: { path: { id: payment.id } },
}));
const operations = expected(await millrace.GET('/v1/payments/{id}/operations', {
  params: { path: { id: payment.id } },
}));
const account = expected(await millrace.GET('/v1/balances')).pending[0]?.account ?? '';
const posting = expected(await millrace.GET('/v1/ledger/accounts/{account}/postings', {
  params: { path: { account } },
})).data[0];
const kept = expected(await millrace.GET('/v1/idempotency_keys/{key}', {
  params: { path: { key: `${run}-payment` } },
}));
const endpoint = expected(await millrace.POST('/v1/webhook_endpoints', {
  params: { header: { 'Idempotency-Key': `${run}-endpoint` } },
  body: { url: 'https://shop.example/hooks', enabled_events: ['payment.settled'] },
}));
const missing = await millrace.GET('/v1/payments/{id}', {
  params: { path: { id: 'pay_01jd3w5ynkfxmrx1v0a9s2e4zg' } },
});

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
  errorStatus: missing.response.status,
  errorCode: missing.error?.error.code,
}));
