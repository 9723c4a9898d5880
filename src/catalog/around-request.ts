/** Defines what a listener is told about a catalog's HTTP requests. Request -> what its work returns. */

/** The request without its query and headers, which may hold secrets. */
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

/** Used if nobody listens. */
export const untold: AroundRequest = (_request, work) => work();
