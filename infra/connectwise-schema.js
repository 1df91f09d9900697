// Rebuilds ConnectWise's own description of its API as OpenAPI, from the types of the npm package connectwise-rest,
// which were generated from the vendor's document of 2022.1. That document itself cannot be had without an account.
//
//     NODE_PATH=.tools/node/node_modules node infra/connectwise-schema.js OUTPUT
'use strict'

const fs = require('node:fs')
const path = require('node:path')
const ts = require('typescript')

// What the simulator serves, and what comes of it below each of these.
const COLLECTIONS = [
  '/company/companies',
  '/finance/agreements',
  '/finance/agreements/{parentId}/additions',
  '/finance/agreements/types',
  '/procurement/catalog',
  '/procurement/categories',
  '/procurement/categories/{parentId}/subcategories/',
  '/procurement/manufacturers',
  '/procurement/subcategories/',
  '/procurement/types',
  '/procurement/unitOfMeasures',
]
const PATHS = [
  ...COLLECTIONS.flatMap((list) => [list, path.posix.join(list, '{id}'), path.posix.join(list, 'count')]),
  '/system/info',
]
// No path names it, for the vendor declares no 4xx; it is the shape of all of them.
const ERROR = 'ErrorResponseMessage'

function fail(node, why) {
  const file = node.getSourceFile()
  const { line } = file.getLineAndCharacterOfPosition(node.getStart())
  throw new Error(`${file.fileName}:${line + 1}: ${why}: ${node.getText().slice(0, 80)}`)
}

const nameOf = (member) => member.name.text
const membersOf = (node) => new Map(node.members.map((member) => [nameOf(member), member.type]))

/** The member of a type literal or interface that must be there. */
function member(node, name) {
  return membersOf(node).get(name) ?? fail(node, `no member ${name}`)
}

/** What the generator wrote into the comment above a property: its format and its greatest length. */
function hints(property) {
  const text = ts.getLeadingCommentRanges(property.getSourceFile().text, property.pos) ?? []
  const comment = text.map(({ pos, end }) => property.getSourceFile().text.slice(pos, end)).join(' ')
  return { format: /Format: ([\w-]+)/.exec(comment)?.[1], longest: /Max length: (\d+)/.exec(comment)?.[1] }
}

/** A TypeScript type as a schema; `hint` is of the property that has it. */
function schema(node, hint = {}) {
  switch (node.kind) {
    case ts.SyntaxKind.ParenthesizedType:
      return schema(node.type, hint)
    case ts.SyntaxKind.StringKeyword:
      return {
        type: 'string',
        ...(hint.format && { format: hint.format }),
        ...(hint.longest && { 'x-maxLength': Number(hint.longest) }),
      }
    case ts.SyntaxKind.NumberKeyword:
      return hint.format?.startsWith('int') ? { type: 'integer', format: hint.format } : { type: 'number' }
    case ts.SyntaxKind.BooleanKeyword:
      return { type: 'boolean' }
    case ts.SyntaxKind.UnknownKeyword:
      return {}
    case ts.SyntaxKind.ArrayType:
      return { type: 'array', items: schema(node.elementType) }
    case ts.SyntaxKind.UnionType:
      return union(node, hint)
    case ts.SyntaxKind.TypeLiteral:
      return object(node)
    case ts.SyntaxKind.IndexedAccessType:
      return { $ref: `#/components/schemas/${referred(node)}` }
    default:
      return fail(node, `a type that is not foreseen (${ts.SyntaxKind[node.kind]})`)
  }
}

function union(node, hint) {
  const isNull = (type) => ts.isLiteralTypeNode(type) && type.literal.kind === ts.SyntaxKind.NullKeyword
  const others = node.types.filter((type) => !isNull(type))
  const nullable = others.length < node.types.length ? { nullable: true } : {}
  if (others.length === 1) return { ...schema(others[0], hint), ...nullable }
  const words = others.map((type) => (ts.isLiteralTypeNode(type) ? type.literal.text : fail(type, 'no word')))
  return { type: 'string', enum: words, ...nullable }
}

function object(node) {
  const index = node.members.find(ts.isIndexSignatureDeclaration)
  if (index) return { type: 'object', additionalProperties: schema(index.type) }
  const properties = node.members.map((property) => [nameOf(property), schema(property.type, hints(property))])
  const required = node.members.filter((property) => !property.questionToken).map(nameOf)
  return { type: 'object', ...(required.length && { required }), properties: Object.fromEntries(properties) }
}

/** The X of `components["schemas"]["X"]`. */
function referred(node) {
  return node.indexType.literal.text
}

/** The answers of one operation that have a body. */
function answers(operation) {
  const described = [...membersOf(member(operation, 'responses'))].filter(([, type]) => ts.isTypeLiteralNode(type))
  return described.map(([status, type]) => {
    const content = [...membersOf(member(type, 'content'))].map(([kind, body]) => [kind, { schema: schema(body) }])
    return [status, { content: Object.fromEntries(content) }]
  })
}

/** The named schemas that `value` refers to, and those that they refer to. */
function reachable(value, declared, found = {}) {
  for (const [, name] of JSON.stringify(value).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
    if (name in found) continue
    found[name] = schema(declared.get(name))
    reachable(found[name], declared, found)
  }
  return found
}

function main(output) {
  const manifest = require('connectwise-rest/package.json')
  const declarations = require.resolve('connectwise-rest/dist/ManageTypes.d.ts')
  const file = ts.createSourceFile(declarations, fs.readFileSync(declarations, 'utf8'), ts.ScriptTarget.Latest, true)
  const interfaces = new Map(file.statements.filter(ts.isInterfaceDeclaration).map((one) => [one.name.text, one]))
  const [declaredPaths, components, operations] = ['paths', 'components', 'operations'].map((n) => interfaces.get(n))

  const paths = Object.fromEntries(
    PATHS.map((path) => {
      const verbs = [...membersOf(member(declaredPaths, path))]
      const described = verbs.map(([verb, type]) => {
        return [verb, { responses: Object.fromEntries(answers(member(operations, referred(type)))) }]
      })
      return [path, Object.fromEntries(described)]
    }),
  )
  const declared = membersOf(member(components, 'schemas'))
  const schemas = reachable([paths, { $ref: `#/components/schemas/${ERROR}` }], declared)
  const info = { title: `ConnectWise PSA, from the types of ${manifest.name} ${manifest.version}`, version: '2022.1' }
  fs.writeFileSync(output, JSON.stringify({ openapi: '3.0.1', info, paths, components: { schemas } }, null, 1))
  console.log(`${output}: ${PATHS.length} paths, ${Object.keys(schemas).length} schemas`)
}

main(process.argv[2])
