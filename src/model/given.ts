/** Those of some values that are there: absence is no value. */
export const given = <Values extends object>(
  values: {
    readonly [Key in keyof Values]: Values[Key] | undefined;
  },
): Partial<Values> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<Values>;
