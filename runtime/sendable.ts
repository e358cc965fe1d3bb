/**
 * What can be sent to another thread, told before or after the fact: the classification of objects that the encoder uses,
 * and the slow walk that names the value which cannot travel.
 *
 * The encoder does not carry a path along; when it fails, `checkSendable` walks the message again and throws the error
 * that names the place. Strict mode calls `checkSendable` by itself, without sending.
 */
import { limitStacks } from "./stack_limit.ts";

/** So many frames at most lie between the program's line and the codec: a stack shows ten. */
const OWN_FRAMES = 12;

/** Something in a message cannot be sent to another actor. `path` says what, as it would be written in the program. */
export class NotSendableError extends TypeError {
  /** Where the value is, e.g. `message.user.save`. */
  readonly path: string;
  /** `"NotSendableError"`, also where the class is not at hand. */
  override readonly name: string = "NotSendableError";

  /** `path` leads to what cannot be sent, `reason` says why and what to do. */
  constructor(path: string, reason: string, options?: ErrorOptions) {
    const limit = limitStacks(Error.stackTraceLimit + OWN_FRAMES);
    super(`Cannot send ${path}: ${reason}`, options);
    limitStacks(limit);
    this.path = path;
  }
}

/** How the codec treats an object. */
export const enum Category {
  Plain,
  Array,
  Date,
  Map,
  Set,
  Error,
  RegExp,
  Buffer,
  View,
  Boxed,
  Special,
  /** Structured clone's business: it goes by the side channel, or structured clone refuses it. */
  Leaf,
  /** Structured clone would refuse it, or make an empty object of it without a word. */
  Refused,
}

/**
 * A class whose instances stay live objects on the other side. `dehydrate` gives a value that the codec can write;
 * `hydrate` makes the object out of it again. Nothing inside the dehydrated value may refer back to the object itself.
 */
export interface Special {
  code: number;
  constructor: abstract new (...args: never[]) => object;
  dehydrate(value: object, context: unknown): unknown;
  hydrate(plain: unknown, context: unknown): unknown;
}

interface Classified {
  category: Category;
  special: Special | null;
}

const LEAF: Classified = { category: Category.Leaf, special: null };
const REFUSED: Classified = { category: Category.Refused, special: null };
const PLAIN: Classified = { category: Category.Plain, special: null };
// A subclass may have made something else of this, that no RegExp can be made of at the other end.
export const sourceOf: () => string = Object.getOwnPropertyDescriptor(RegExp.prototype, "source")!.get!;
const TypedArrayPrototype = Object.getPrototypeOf(Uint8Array.prototype);

/** The builtins that the codec knows, by prototype. A subclass is found through its chain, as structured clone does. */
const BUILTINS: [object, Category][] = [
  [Date.prototype, Category.Date],
  [Map.prototype, Category.Map],
  [Set.prototype, Category.Set],
  [Error.prototype, Category.Error],
  [RegExp.prototype, Category.RegExp],
  [ArrayBuffer.prototype, Category.Buffer],
  [TypedArrayPrototype, Category.View],
  [DataView.prototype, Category.View],
  [Number.prototype, Category.Boxed],
  [String.prototype, Category.Boxed],
  [Boolean.prototype, Category.Boxed],
  [BigInt.prototype, Category.Boxed],
  [Array.prototype, Category.Array],
];

/** One a codec: the classes registered with it, and what it has learned of prototypes. */
export class ObjectClasses {
  private readonly byPrototype = new WeakMap<object, Classified>();
  private readonly byCode = new Map<number, Special>();

  constructor() {
    this.byPrototype.set(Object.prototype, PLAIN);
    for (const [prototype, category] of BUILTINS) {
      this.byPrototype.set(prototype, { category, special: null });
    }
  }

  /**
   * Instances of `constructor`, and of its subclasses, travel as what `dehydrate` makes of them. Both ends register the
   * same codes, before they use the codec.
   */
  registerSpecial<T extends object, P>(
    constructor: abstract new (...args: never[]) => T,
    code: number,
    dehydrate: (value: T, context: unknown) => P,
    hydrate: (plain: P, context: unknown) => unknown,
  ): void {
    if (this.byCode.has(code) || !Number.isInteger(code) || code < 0 || code > 0xffffff) {
      throw new RangeError(
        `Cannot register ${constructor.name} under code ${code}. Give it a free code from 0 to 16777215`,
      );
    }
    const special = { code, constructor, dehydrate, hydrate } as unknown as Special;
    this.byCode.set(code, special);
    this.byPrototype.set(constructor.prototype, { category: Category.Special, special });
  }

  special(code: number): Special {
    const special = this.byCode.get(code);
    if (special === undefined) {
      throw new RangeError(`Cannot revive a value of code ${code}. Register its class at this end too`);
    }
    return special;
  }

  /** Prototypes are assumed to stay as they are: the first instance decides for all that share one. */
  classify(value: object): Classified {
    const prototype = Object.getPrototypeOf(value);
    if (prototype === null) return PLAIN;
    const known = this.byPrototype.get(prototype);
    if (known !== undefined) return known;
    const found = this.learn(value, prototype);
    this.byPrototype.set(prototype, found);
    return found;
  }

  private learn(value: object, prototype: object): Classified {
    const host = hostCategory(value);
    if (host !== null) return host;
    const chain: object[] = [];
    for (let p = prototype; p !== null && p !== Object.prototype; p = Object.getPrototypeOf(p)) chain.push(p);
    for (const p of chain) {
      const known = this.byPrototype.get(p);
      if (known !== undefined) return known;
    }
    return chain.some(isNativePrototype) ? LEAF : PLAIN;
  }
}

/**
 * Deno's web classes are written in JavaScript; what tells them from a program's classes is the symbols they carry.
 * Structured clone asks for `[[NotSerializable]]` at the root only: further in it makes `{}` of a URL.
 */
function hostCategory(value: object): Classified | null {
  const names = new Set<string | undefined>();
  for (let o: object | null = value; o !== null; o = Object.getPrototypeOf(o)) {
    for (const symbol of Object.getOwnPropertySymbols(o)) names.add(symbol.description);
  }
  if (names.has("[[NotSerializable]]")) return REFUSED;
  if (names.has("Deno.core.hostObject")) return LEAF;
  return names.has("[[webidl.brand]]") ? REFUSED : null;
}

/** Promise, WeakMap, generators, iterators, Intl…: the engine's classes that BUILTINS does not list. */
function isNativePrototype(prototype: object): boolean {
  const constructor = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  if (typeof constructor === "function") {
    return Function.prototype.toString.call(constructor).endsWith("{ [native code] }");
  }
  // Generator and iterator prototypes name themselves by a tag that is not writable, which a class's tag rarely is.
  const tag = Object.getOwnPropertyDescriptor(prototype, Symbol.toStringTag);
  return tag !== undefined && tag.writable === false && tag.configurable === true;
}

/** Structured clone, and so the codec, refuse what has a symbol of this name. */
export const NOT_SERIALIZABLE: unique symbol = Symbol("[[NotSerializable]]");

/** Instances are refused, by the reason that stands below under this name: structured clone would make `{}` of them. */
export function staysWithActor(constructor: { readonly prototype: object }, name: keyof typeof STAYS): void {
  Object.defineProperty(constructor.prototype, NOT_SERIALIZABLE, { value: true });
  Object.defineProperty(constructor.prototype, Symbol.toStringTag, { value: name });
}

const SEND_DATA = "cannot be sent to another actor. Send data";

const STAYS = {
  Group: "a group stays with the actor that asked for it. Send its name",
  Signals: "the signals stay with the actor that asked for them. Send what they tell",
  Io: "self.io stays with its actor, each has its own. Send what is open, such as a file",
  Command: "a command stays with the actor that made it. Send the child that it has started",
  Lines: "lines stay with the actor that reads them. Send what they are read from",
  StandardStream: "stdin, stdout and stderr are every actor's. Use those of the receiver's self.io",
};

const REASONS: Record<string, string> = {
  ...STAYS,
  function: `a function ${SEND_DATA}, or spawn a closure that uses it`,
  symbol: `a symbol ${SEND_DATA}, e.g. its description`,
  Promise: "a promise cannot be sent to another actor. Await it and send the value",
  MessagePort: "a MessagePort cannot be copied. List it in `transfer`",
  ChannelReceiver: "a channel's receiver stays with the actor that made the channel. Send its sender",
  Actor: "self stays with its actor. Send self.pid",
  within: `what holds itself, as a call that is part of its own request, ${SEND_DATA} taken out of it`,
  outOfBounds: "its buffer has become too small for it. Send a view that lies within its buffer",
  detached: "its buffer is detached, it was transferred before. Send a buffer that is still yours",
};

function reasonOf(value: object): string {
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  return REASONS[tag] ?? `${/^[AEIOU]/.test(tag) ? "an" : "a"} ${tag} ${SEND_DATA} taken out of it`;
}

/** Where a value was met. The root has no parent. */
interface Place {
  parent: Place | null;
  step: string;
  /** The instance of a registered class whose inside this is. */
  within?: object;
}

interface Visit {
  value: unknown;
  place: Place;
}

function pathOf(place: Place): string {
  const steps: string[] = [];
  for (let p: Place | null = place; p !== null; p = p.parent) steps.push(p.step);
  return steps.reverse().join("");
}

function isWithin(place: Place, value: object): boolean {
  for (let p: Place | null = place; p !== null; p = p.parent) if (p.within === value) return true;
  return false;
}

function keyStep(key: string): string {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

function entryStep(key: unknown, index: number): string {
  if (typeof key === "string") return `.get(${JSON.stringify(key)})`;
  if (typeof key === "bigint") return `.get(${key}n)`;
  return typeof key === "object" && key !== null ? `.values()[${index}]` : `.get(${String(key)})`;
}

const NO_TRANSFER: ReadonlySet<unknown> = new Set();
const DEFAULT_CLASSES = new ObjectClasses();

/**
 * Throws the error that sending `value` would throw, without sending it. It walks by a list of its own, so that depth
 * does not matter.
 *
 * @throws NotSendableError naming the first value, in the order of writing, that cannot be sent.
 */
export function checkSendable(
  value: unknown,
  rootName = "message",
  { classes = DEFAULT_CLASSES, context, transfer = NO_TRANSFER }: {
    classes?: ObjectClasses;
    context?: unknown;
    transfer?: ReadonlySet<unknown>;
  } = {},
): void {
  const seen = new Set<object>();
  const stack: Visit[] = [{ value, place: { parent: null, step: rootName } }];
  let children: Visit[] = [];
  for (let visit = stack.pop(); visit !== undefined; visit = stack.pop()) {
    const { value, place } = visit;
    if (typeof value === "function" || typeof value === "symbol") {
      throw new NotSendableError(pathOf(place), REASONS[typeof value]);
    }
    if (typeof value !== "object" || value === null || transfer.has(value)) continue;
    if (seen.has(value)) {
      if (isWithin(place, value)) throw new NotSendableError(pathOf(place), REASONS.within);
      continue;
    }
    seen.add(value);
    try {
      expand(value, place, classes, context, children);
    } catch (error) {
      if (error instanceof NotSendableError) throw error;
      throw new NotSendableError(pathOf(place), `reading it threw ${describe(error)}. Send plain data`, {
        cause: error,
      });
    }
    while (children.length > 0) stack.push(children.pop()!);
    children = [];
  }
}

function expand(
  value: object,
  place: Place,
  classes: ObjectClasses,
  context: unknown,
  children: Visit[],
): void {
  const child = (step: string, value: unknown) => children.push({ value, place: { parent: place, step } });
  const { category, special } = classes.classify(value);
  switch (category) {
    case Category.Plain:
    case Category.Array:
      for (const key of Object.keys(value)) {
        const step = category === Category.Array && /^\d+$/.test(key) ? `[${key}]` : keyStep(key);
        child(step, readProperty(value, key, place, step));
      }
      break;
    case Category.Map: {
      let index = 0;
      Map.prototype.forEach.call(value, (entry: unknown, key: unknown) => {
        child(`.keys()[${index}]`, key);
        child(entryStep(key, index++), entry);
      });
      break;
    }
    case Category.Set: {
      let index = 0;
      Set.prototype.forEach.call(value, (entry: unknown) => child(`.values()[${index++}]`, entry));
      break;
    }
    case Category.Special:
      children.push({
        value: special!.dehydrate(value, context),
        place: { parent: place, step: "", within: value },
      });
      break;
    case Category.Buffer:
      if ((value as ArrayBuffer).detached) throw new NotSendableError(pathOf(place), REASONS.detached);
      break;
    case Category.View:
      if (isDetachedView(value as ArrayBufferView)) {
        throw new NotSendableError(pathOf(place), REASONS.detached);
      }
      checkBounds(value as ArrayBufferView, place);
      break;
    case Category.Date:
      Date.prototype.getTime.call(value); // throws for what only claims to be one, and so do the others
      break;
    case Category.RegExp:
      sourceOf.call(value);
      break;
    case Category.Boxed:
      if (typeof value.valueOf() === "symbol") throw new NotSendableError(pathOf(place), REASONS.symbol);
      break;
    case Category.Leaf:
      try {
        structuredClone(value);
      } catch (error) {
        throw new NotSendableError(pathOf(place), reasonOf(value), { cause: error });
      }
      break;
    case Category.Refused:
      throw new NotSendableError(pathOf(place), reasonOf(value));
    case Category.Error: // what an error carries and cannot be sent is replaced by text: the error itself always arrives
      break;
    default:
      category satisfies never;
  }
}

function readProperty(value: object, key: string, place: Place, step: string): unknown {
  try {
    return (value as Record<string, unknown>)[key];
  } catch (error) {
    const path = pathOf({ parent: place, step });
    throw new NotSendableError(path, `its getter threw ${describe(error)}. Send plain data`, {
      cause: error,
    });
  }
}

/** A resizable buffer may have become too small for a view of it, which nothing but structured clone tells of all kinds. */
function checkBounds(view: ArrayBufferView, place: Place): void {
  if (!(view.buffer instanceof ArrayBuffer) || !view.buffer.resizable) return;
  try {
    structuredClone(view);
  } catch (cause) {
    throw new NotSendableError(pathOf(place), REASONS.outOfBounds, { cause });
  }
}

export function isDetachedView({ buffer }: ArrayBufferView): boolean {
  return buffer instanceof ArrayBuffer && buffer.detached;
}

/**
 * Throws if structured clone will refuse a value that goes by the side channel. Texts it always takes, and buffers unless a
 * getter that was read after them has moved them.
 */
export function checkLeaf(value: unknown, transfer: readonly unknown[]): void {
  if (value instanceof ArrayBuffer) {
    if (value.detached) throw new TypeError("a buffer is detached");
  } else if (typeof value === "object" && !transfer.includes(value)) structuredClone(value);
}

/** A short text for an error that may itself misbehave. */
export function describe(error: unknown): string {
  try {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  } catch {
    return "an error";
  }
}

/**
 * Freezes a message and all that it holds, for strict mode, and returns it. Buffers cannot be frozen, nor what Map and
 * Set hold as entries of their own; the objects within the entries are. What stays a live object on the other side
 * (handles, senders of channels, calls) and what the platform keeps its own state in (ports) is left as it is.
 */
export function deepFreeze<T>(value: T, classes: ObjectClasses = DEFAULT_CLASSES): T {
  const seen = new Set<object>();
  const stack: unknown[] = [value];
  while (stack.length > 0) {
    const item = stack.pop();
    if (typeof item !== "object" || item === null || seen.has(item)) continue;
    seen.add(item);
    if (ArrayBuffer.isView(item) || classes.classify(item).category >= Category.Special) continue;
    for (const key of Reflect.ownKeys(item)) {
      const descriptor = Object.getOwnPropertyDescriptor(item, key);
      if (descriptor !== undefined && "value" in descriptor) stack.push(descriptor.value);
    }
    if (item instanceof Map) item.forEach((entry, key) => stack.push(key, entry));
    else if (item instanceof Set) item.forEach((entry) => stack.push(entry));
    Object.freeze(item);
  }
  return value;
}
