/**
 * Finds a way to draw in the kernel that runs a notebook. Global scope -> a place to draw on, or none.
 * Deno's kernel offers Jupyter's own messages; others may do the same under this name.
 */

/** A picture, by media type. */
export type Bundle = Readonly<Record<string, string>>;

/** Draws a picture below the running cell, or replaces the one that already has this id. */
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
    // Outside of its kernel, Deno throws on access.
    return undefined;
  }
}
