/** What is told of a catalog's HTTP requests. Request -> what its work returns. */

/** Without its query and its headers, which may hold secrets. */
export interface RequestTold {
  /** `served` to a client of this catalog, or `sent` to a foreign one. */
  readonly side: 'served' | 'sent';
  readonly method: string;
  readonly path: string;
}

/** Does the work of a request, and returns its result as it is. */
export type AroundRequest = <T extends { readonly status: number }>(
  request: RequestTold,
  work: () => Promise<T>,
) => Promise<T>;

/** Where nobody listens. */
export const untold: AroundRequest = (_request, work) => work();
