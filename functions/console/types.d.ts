// The types of the API, as openapi-typescript makes them of infra/openapi.json, by shorter names. Read by `tsc` alone.

import type { components, paths } from 'api';

type Schemas = components['schemas'];

/** What the API says of a refusal; without an answer from it, the page's own code. */
export type Problem = Partial<Omit<Schemas['Problem'], 'code'>> & { code: Schemas['Problem']['code'] | 'offline' };
export type ProductRow = Schemas['ProductRow'];
export type ProductSaveRow = Schemas['ProductSaveRow'];
export type ProductDifference = Schemas['ProductDifference'];
export type ProductEffect = Schemas['ProductEffect'];
export type ProductSuggestion = Schemas['List_ProductSuggestion']['items'][number];
export type PsaProductView = Schemas['PsaProductView'];
export type PsaProductChoices = Schemas['PsaProductChoices'];
export type NewPsaProduct = Schemas['NewPsaProduct'];
export type FoundProduct = Schemas['FoundProduct'];
export type FoundProducts = Schemas['FoundProducts'];
export type CustomerRow = Schemas['CustomerRow'];
export type CustomerSaveRow = Schemas['CustomerSaveRow'];
export type CompanySuggestion = Schemas['CompanySuggestion'];
export type CompanyAgreement = Schemas['CompanyAgreement'];
export type FoundCompany = Schemas['FoundCompany'];
export type RenewalRow = Schemas['List_RenewalRow']['items'][number];
export type SyncSettings = Schemas['SyncSettings'];
export type SyncSettingsShown = Schemas['SyncSettingsShown'];
export type RunView = Schemas['RunView'];
export type RunDetail = Schemas['RunDetail'];
export type RunLine = Schemas['List_RunLine']['items'][number];
export type EditRow = Schemas['List_EditRow']['items'][number];
export type AlertRow = Schemas['AlertRow'];
export type AlertSettingsShown = Schemas['AlertSettingsShown'];
export type AlertChoices = Schemas['AlertChoices'];
export type ConnectionsRow = Schemas['ConnectionsRow'];
export type TestReport = Schemas['TestReport'];
/** What a change does to a quantity, and to money where ConnectWise tells a price. */
export type QuantityChange = Schemas['QuantityChange'];
/** An amount in one currency. */
export type Amount = Schemas['CurrencyAmount'];
export type Overview = Schemas['SyncOverview'];
export type HoldRow = Schemas['HoldRow'];
export type HoldsMatching = Schemas['HoldsMatching'];
export type MatchingDecided = Schemas['MatchingDecided'];
export type NotBilledRow = Schemas['List_NotBilledRow']['items'][number];
export type HoldDecision = Schemas['HoldDecision'];
export type Verdict = Schemas['VerdictShown'];
export type QuantityNamed = Schemas['QuantityNamed'];
export type OverrideRow = Schemas['List_OverrideRow']['items'][number];
export type ReasonName = Schemas['ReasonName'];
export type ReadingName = Schemas['ReadingName'];
export type UsageLineRow = Schemas['List_UsageLineRow']['items'][number];
export type StillBilling = Schemas['StillBilling'];
export type EndChoice = Schemas['EndChoice'];

export type Method = 'get' | 'put' | 'post' | 'patch' | 'delete';
export type PathOf<M extends Method> = {
  [P in keyof paths]: paths[P] extends { [K in M]: { responses: unknown } } ? P : never;
}[keyof paths];
type Operation<M extends Method, P extends PathOf<M>> = M extends keyof paths[P] ? paths[P][M] : never;
type Json<C> = C extends { content: { 'application/json': infer B } } ? B : never;
export type Answer<M extends Method, P extends PathOf<M>> =
  Operation<M, P> extends { responses: infer R } ? { [S in keyof R]: S extends 200 | 201 | 202 ? Json<R[S]> : never }[keyof R] : never;
type BodyOf<M extends Method, P extends PathOf<M>> =
  Operation<M, P> extends { requestBody: infer B } ? Json<B> : undefined;
type ParametersOf<M extends Method, P extends PathOf<M>, K extends string> =
  Operation<M, P> extends { parameters: { [N in K]?: infer Q } } ? Q : undefined;

export interface Options<M extends Method, P extends PathOf<M>> {
  path?: ParametersOf<M, P, 'path'>;
  query?: ParametersOf<M, P, 'query'>;
  body?: BodyOf<M, P>;
  /** The entity tag that a change is based on. */
  version?: string;
  /** The key of a request that takes effect once. */
  key?: string;
  signal?: AbortSignal;
}
