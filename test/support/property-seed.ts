/**
 * Which random cases a property test plays. The same ones each time: a change fails by what it did, and not by
 * the day on which it was tested. Others are looked for by `npm run soak`, or with PSYBERG_PROPERTY_SEED=random.
 */
const USUAL = 20_261_129;

export function propertySeed(): { readonly seed?: number } {
  const asked = process.env['PSYBERG_PROPERTY_SEED'] ?? String(USUAL);
  return asked === 'random' ? {} : { seed: Number(asked) };
}
