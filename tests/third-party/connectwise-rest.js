// The npm package connectwise-rest, as published, at work on the simulator; `run` starts both.
'use strict'

const assert = require('node:assert/strict')
const { ManageAPI } = require('connectwise-rest')

const { SIMULATOR_URL, COMPANY_ID, PUBLIC_KEY, PRIVATE_KEY } = process.env

/** A client of the simulator. This one writes `https://` before the host itself: for http, that alone is set anew. */
function client(publicKey = PUBLIC_KEY) {
  const { host, protocol } = new URL(SIMULATOR_URL)
  const manage = new ManageAPI({
    companyId: COMPANY_ID,
    publicKey,
    privateKey: PRIVATE_KEY,
    companyUrl: host,
    clientId: '9f6b7f5e-1d0b-4c55-8b0c-2d0f6f1b7a11',
    logger: () => {},
  })
  for (const api of [manage, manage.CompanyAPI, manage.FinanceAPI, manage.ProcurementAPI, manage.SystemAPI]) {
    api.instance.defaults.baseURL = api.instance.defaults.baseURL.replace('https:', protocol)
  }
  return manage
}

async function listsWithACondition({ CompanyAPI, FinanceAPI }) {
  const [company, ...others] = await CompanyAPI.getCompanyCompanies({ conditions: 'identifier = "C200"' })
  assert.deepEqual([company.name, others], ['Gristmill Veterinary', []])
  const agreements = await FinanceAPI.getFinanceAgreements({ conditions: `company/id = ${company.id}` })
  assert.deepEqual(agreements.map((agreement) => agreement.name), ['Gristmill Veterinary security'])
  return agreements[0]
}

async function pagesThroughEverything(manage) {
  const { ProcurementAPI } = manage
  const { count } = await ProcurementAPI.getProcurementCatalogCount({})
  const found = await manage.paginate(ProcurementAPI.getProcurementCatalog, { pageSize: 2 }, { orderBy: 'id' })
  assert.ok(count > 4, 'more than two pages')
  assert.equal(new Set(found.map((item) => item.id)).size, count)
}

async function creates({ FinanceAPI }, agreement) {
  const sent = { product: { id: 3 }, billCustomer: 'Billable', quantity: 7, effectiveDate: '2026-11-01T00:00:00Z' }
  const created = await FinanceAPI.postFinanceAgreementsByParentIdAdditions(agreement.id, sent)
  assert.equal(created.product.identifier, 'Sophos_Device_Encryption')
  assert.equal(created.effectiveDate, sent.effectiveDate)
  assert.deepEqual(await FinanceAPI.getFinanceAgreementsByParentIdAdditionsById(created.id, agreement.id, {}), created)
  return created
}

async function patches({ FinanceAPI }, agreement, addition) {
  const patch = [{ op: 'replace', path: 'quantity', value: 9 }]
  const patched = await FinanceAPI.patchFinanceAgreementsByParentIdAdditionsById(addition.id, agreement.id, patch)
  assert.equal(patched.quantity, 9)
  const read = await FinanceAPI.getFinanceAgreementsByParentIdAdditionsById(addition.id, agreement.id, {})
  assert.equal(read.quantity, 9)
  await FinanceAPI.deleteFinanceAgreementsByParentIdAdditionsById(addition.id, agreement.id)
}

/** What a call is refused with. */
async function refusal(call) {
  try {
    await call
  } catch ({ status, data }) {
    return { status, data }
  }
  assert.fail('the call was not refused')
}

async function readsErrors({ FinanceAPI }, agreement, gone) {
  const incomplete = await refusal(FinanceAPI.postFinanceAgreementsByParentIdAdditions(agreement.id, { quantity: 1 }))
  assert.deepEqual([incomplete.status, incomplete.data.code], [400, 'InvalidObject'])
  const fields = incomplete.data.errors.map((error) => `${error.code} ${error.field}`)
  assert.ok(fields.includes('MissingRequiredField product'), String(fields))
  const missing = await refusal(FinanceAPI.getFinanceAgreementsByParentIdAdditionsById(gone.id, agreement.id, {}))
  assert.deepEqual([missing.status, missing.data.code], [404, 'NotFound'])
  const field = await refusal(FinanceAPI.getFinanceAgreements({ conditions: 'invented = 1' }))
  assert.deepEqual([field.status, field.data.code], [400, 'ApiFindCondition'])
  const stranger = await refusal(client('stranger').SystemAPI.getSystemInfo({}))
  assert.deepEqual([stranger.status, stranger.data.code], [401, 'Unauthorized'])
}

async function main() {
  const manage = client()
  assert.match((await manage.SystemAPI.getSystemInfo({})).version, /^v2025/)
  const agreement = await listsWithACondition(manage)
  await pagesThroughEverything(manage)
  const addition = await creates(manage, agreement)
  await patches(manage, agreement, addition)
  await readsErrors(manage, agreement, addition)
}

main().catch((error) => {
  console.error(error)
  process.exitCode = 1
})
