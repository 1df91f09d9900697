// Lists product mappings with openapi-fetch and the types that `run` generates from the API's document.

import createClient from 'openapi-fetch';
import type { paths } from './api.js';

declare const process: { env: Record<string, string | undefined> };

const { API, TOKEN } = process.env;
const client = createClient<paths>({ baseUrl: API, headers: { Authorization: `Bearer ${TOKEN}` } });

const { data, error } = await client.GET('/v1/product-mappings', {
  params: { query: { state: 'mapped', pageSize: 3 } },
});
if (!data) throw new Error(JSON.stringify(error));
if (data.items.length !== 3 || data.items.some((row) => row.state !== 'mapped') || !data.pages.nextKey) {
  throw new Error(`not the first of several pages: ${JSON.stringify(data)}`);
}
console.log('TypeScript:', data.items.map((row) => row.code).join(', '));
