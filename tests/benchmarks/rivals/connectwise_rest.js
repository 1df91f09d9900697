// The work as one would write it with the npm package connectwise-rest; `cargo scale rivals` starts it.
//
//     node connectwise_rest.js sequential|all < wanted.json
'use strict'

const { readFileSync } = require('node:fs')
const { setTimeout: sleep } = require('node:timers/promises')
const { ManageAPI } = require('connectwise-rest')

const { SIMULATOR_URL, COMPANY_ID, PUBLIC_KEY, PRIVATE_KEY } = process.env
const ATTEMPTS = 5

/** The client writes `https://` before the host itself: for the simulator's http, that alone is set anew. */
function client() {
  const { host, protocol } = new URL(SIMULATOR_URL)
  const manage = new ManageAPI({
    companyId: COMPANY_ID,
    publicKey: PUBLIC_KEY,
    privateKey: PRIVATE_KEY,
    companyUrl: host,
    clientId: '9f6b7f5e-1d0b-4c55-8b0c-2d0f6f1b7a11',
    retry: true,
    logger: () => {},
  })
  const { defaults } = manage.FinanceAPI.instance
  defaults.baseURL = defaults.baseURL.replace('https:', protocol)
  return manage
}

/**
 * Tries again after 429, 5xx and no answer. The client's own `retry` looks at a code that its errors have not got, and
 * the `Retry-After` does not get through either: the seconds stand in the text of a 429.
 */
async function retried(call) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call()
    } catch ({ status, data, message }) {
      const passing = status === undefined || status === 429 || status >= 500
      if (!passing || attempt === ATTEMPTS) throw new Error(message)
      const told = status === 429 && /(\d+) second/.exec(data?.message)
      await sleep(told ? told[1] * 1000 : 250 * 2 ** (attempt - 1))
    }
  }
}

async function bill({ FinanceAPI }, agreement, additions, wanted, effective) {
  const addition = additions.find((one) => one.product.id === wanted.product && !one.cancelledDate)
  if (!addition) {
    const created = {
      product: { id: wanted.product },
      billCustomer: 'Billable',
      quantity: wanted.quantity,
      effectiveDate: effective,
    }
    await retried(() => FinanceAPI.postFinanceAgreementsByParentIdAdditions(agreement, created))
    return 'created'
  }
  if (addition.quantity === wanted.quantity) return 'unchanged'
  const patch = [{ op: 'replace', path: 'quantity', value: wanted.quantity }]
  await retried(() => FinanceAPI.patchFinanceAgreementsByParentIdAdditionsById(addition.id, agreement, patch))
  return 'updated'
}

async function sync(manage, customer, effective, each) {
  const { agreement, products } = customer
  const page = { pageSize: 1000 }
  const listed = retried(() => manage.FinanceAPI.getFinanceAgreementsByParentIdAdditions(agreement, page))
  const additions = await listed.catch(() => undefined)
  return each(products, async (wanted) => {
    const billed = additions ? bill(manage, agreement, additions, wanted, effective) : Promise.reject(new Error())
    return { agreement, product: wanted.product, outcome: await billed.catch(() => 'failed') }
  })
}

const WAYS = {
  async sequential(all, one) {
    const done = []
    for (const each of all) done.push(await one(each))
    return done
  },
  all: (all, one) => Promise.all(all.map(one)),
}

/** The most memory that this process ever had resident, where the system says it. */
function peakKib() {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1])
  } catch {
    return null
  }
}

async function main() {
  const { effective, customers } = JSON.parse(readFileSync(0, 'utf8'))
  const each = WAYS[process.argv[2]]
  const manage = client()
  const start = performance.now()
  const ended = await each(customers, (customer) => sync(manage, customer, effective, each))
  const wallMs = Math.round(performance.now() - start)
  console.log(JSON.stringify({ wallMs, peakKib: peakKib(), ended: ended.flat() }))
}

main().catch((error) => {
  console.error(error)
  process.exitCode = 1
})
