/** Remembers the last answer about a value, for whoever asks the same again. Pure. */

/** A question: who asks, about which value, and what else it depends on. */
export interface AskedOf<Owner extends object, Subject extends object> {
  readonly owner: Owner;
  readonly subject: Subject;
  /** Equal texts mean the same question. */
  readonly question: string;
}

/**
 * Finds an answer, or returns the last one that `owner` got about `subject` if the question is the same. It
 * is kept while both exist. A question that failed is asked again.
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
