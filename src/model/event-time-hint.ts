/** Words what to do about an event time whose column holds no time. Column -> hint. Pure. */

/** `times`: columns of the table that hold one. */
export const eventTimeHint = (
  column: string,
  { isInteger, times }: { readonly isInteger: boolean; readonly times: readonly string[] },
): string =>
  isInteger
    ? 'say at the source what it counts: event_time_unit: epoch_s, epoch_ms or epoch_us'
    : `${times.length === 0 ? '' : `name a column that says a time (${times.join(', ')}); or `}load the table by a stateless process without event_time whose SQL makes a timestamp of ${column}, and read the target of that`;

/** For an integer in a target, which has no unit. */
export const castOfInteger = (column: string): string =>
  `make_timestamptz(${column} * 1000) as ${column} of epoch milliseconds, to_timestamp(${column}) of seconds`;
