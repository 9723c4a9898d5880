/**
 * Drops undefined values from an object: with exact optional types an absent field is not the same as
 * undefined.
 */
export const given = <Values extends object>(
  values: {
    readonly [Key in keyof Values]: Values[Key] | undefined;
  },
): Partial<Values> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<Values>;
