/** What was found of a value, for whoever asks the same again. Pure. */

/** What is asked: by whom, of which value, and with what besides. */
export interface AskedOf<Owner extends object, Subject extends object> {
  readonly owner: Owner;
  readonly subject: Subject;
  /** Equal texts are the same question. */
  readonly question: string;
}

/**
 * Finds an answer, or gives the one that `owner` got last of `subject` where the question was the same. It is
 * kept as long as both are there. What failed is asked again.
 */
export function lastAnswers<Owner extends object, Subject extends object, Answer>(): (
  asked: AskedOf<Owner, Subject>,
  find: () => Promise<Answer>,
) => Promise<Answer> {
  const kept = new WeakMap<Owner, WeakMap<Subject, { readonly question: string; readonly answer: Answer }>>();
  return async ({ owner, subject, question }, find) => {
    const known = kept.get(owner)?.get(subject);
    if (known?.question === question) return known.answer;
    const answer = await find();
    const ofOwner = kept.get(owner) ?? new WeakMap();
    kept.set(owner, ofOwner.set(subject, { question, answer }));
    return answer;
  };
}
