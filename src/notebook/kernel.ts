/**
 * The kernel that runs a notebook, as far as it can be drawn on. Deno's offers Jupyter's own messages;
 * another one may do the same under this name. Global scope -> a place to draw on, or none.
 */

/** A picture by media type. */
export type Bundle = Readonly<Record<string, string>>;

/** Puts a picture below the running cell, or in the place of the one that has this id already. */
export type Draw = (id: string, bundle: Bundle, isThere: boolean) => Promise<void>;

type Broadcast = (kind: string, content: Readonly<Record<string, unknown>>) => Promise<void>;

/** Undefined outside of a notebook: on a console, in a script. */
export function kernelOf(scope: object = globalThis): Draw | undefined {
  const broadcast = broadcastOf(scope);
  if (broadcast === undefined) return undefined;
  return (id, data, isThere) =>
    broadcast(isThere ? 'update_display_data' : 'display_data', {
      data,
      metadata: {},
      transient: { display_id: id },
    });
}

function broadcastOf(scope: object): Broadcast | undefined {
  try {
    const { jupyter } = (scope as { Deno?: { jupyter?: { broadcast?: Broadcast } } }).Deno ?? {};
    const broadcast = jupyter?.broadcast;
    return typeof broadcast === 'function' ? broadcast.bind(jupyter) : undefined;
  } catch {
    // Outside of its kernel Deno throws where it is asked for it.
    return undefined;
  }
}
