/** Which published schema holds for which route, and what Dust's server is known to add to its answers. */

import { published } from "./published.js";

/**
 * @typedef {object} Contract
 * @property {string} [request] schema of the body; without one, there must be no body
 * @property {string} [answer] schema of the body of a 200; without one, Dust publishes none
 * @property {boolean} [connector] whether the connector makes this call, so that its tests must show it
 */

/** @type {Record<string, Contract>} by method and route, as the local Dust names routes */
export const CONTRACTS = {
  "GET spaces": { answer: "GetSpacesResponseSchema", connector: true },
  "GET spaces/*/data_sources": { answer: "GetDataSourcesResponseSchema", connector: true },
  "GET documents": { answer: "GetDocumentsResponseSchema", connector: true },
  "GET documents/*": { answer: "GetDocumentResponseSchema", connector: true },
  "POST documents/*": {
    request: "PostDataSourceDocumentRequestSchema",
    answer: "UpsertDocumentResponseSchema",
    connector: true,
  },
  "DELETE documents/*": { answer: "DeleteDocumentResponseSchema", connector: true },
  "GET tables": { answer: "ListTablesResponseSchema", connector: true },
  "POST tables": {
    request: "UpsertDatabaseTableRequestSchema",
    answer: "UpsertTableResponseSchema",
    connector: true,
  },
  "GET tables/*": { answer: "GetTableResponseSchema", connector: true },
  "DELETE tables/*": {},
  "GET tables/*/rows": { answer: "ListTableRowsResponseSchema", connector: true },
  "POST tables/*/rows": {
    request: "UpsertTableRowsRequestSchema",
    answer: "UpsertTableRowsResponseSchema",
    connector: true,
  },
  "GET tables/*/rows/*": { answer: "GetTableRowsResponseSchema", connector: true },
  "DELETE tables/*/rows/*": { connector: true },
  "GET search": { answer: "DataSourceSearchResponseSchema" },
  "GET exists": {},
};

const DOCUMENT = ["data_source_internal_id", "title", "mime_type", "provider_visibility", "parents", "token_count"];

/**
 * Fields that Dust's server sends although its schemas do not name them (they let them pass). Any other field that a
 * schema does not name is a mistake of the local Dust. `[]` stands for every item of a list.
 *
 * @type {Record<string, string[]>} by schema
 */
export const ADDITIONS = {
  GetSpacesResponseSchema: ["spaces[].managementMode"],
  GetDocumentsResponseSchema: DOCUMENT.map((name) => `documents[].${name}`),
  GetDocumentResponseSchema: DOCUMENT.map((name) => `document.${name}`),
  UpsertDocumentResponseSchema: [...DOCUMENT.map((name) => `document.${name}`), "document.chunks[].expanded_offsets"],
  DataSourceSearchResponseSchema: DOCUMENT.map((name) => `documents[].${name}`),
};

const ERROR = "APIErrorSchema";
const names = Object.values(CONTRACTS).flatMap(({ request, answer }) => [request, answer]);

export const SCHEMAS = published([...new Set([...names, ERROR])].filter(Boolean));
export const ERROR_SCHEMA = SCHEMAS[ERROR];
