/**
 * Shapes: the ordered keys of plain objects. Two ends of a link number the shapes they meet, so that an object travels as
 * the number and its values; per shape there is a function that writes or reads just these keys, which keeps the
 * engine's inline caches to one map each.
 *
 * A shape is numbered when it is met for the second time: objects used as dictionaries rarely repeat their keys, and must
 * not use up the numbers. Definitions travel with the record that needs them first. If that record is abandoned, `forget`
 * takes the numbers back.
 */

/** The part of the encoder that generated functions call. */
export interface ValueWriter {
  small(integer: number): void;
  text(text: string): void;
  value(value: unknown): void;
}

/** The part of the decoder that generated functions call. */
export interface ValueReader {
  value(): unknown;
}

type WriteValues = (writer: ValueWriter, object: Record<string, unknown>, isPlain: boolean) => boolean;

/** More numbers, and objects with more keys, are spelled out. Guesses; far above what message types of a program need. */
export const MAX_SHAPES = 1024;
export const MAX_SHAPE_KEYS = 64;

/** The tree is pruned to the numbered shapes when dictionaries have made it this big. */
const MAX_NODES = 1 << 14;

/** Generating a function costs some 30 µs, a write without it 0.1 µs more: it is made at this use. */
const COMPILE_AT_USE = 32;

export class WriteShape {
  /** -1 until it is numbered. */
  id = -1;
  private uses = 0;
  private generated: WriteValues | null = null;

  constructor(readonly keys: readonly string[]) {}

  /**
   * False, with nothing written, for one that was looked up by `shapeOf` and has another prototype than `{}`: some of the
   * keys may be inherited.
   */
  write(writer: ValueWriter, object: Record<string, unknown>, isPlain: boolean): boolean {
    if (this.generated !== null) return this.generated(writer, object, isPlain);
    if (isPlain && Object.getPrototypeOf(object) !== Object.prototype) return false;
    if (++this.uses === COMPILE_AT_USE) this.generated = compileWriter(this.keys);
    for (const key of this.keys) writer.value(object[key]);
    return true;
  }
}

class ShapeNode {
  shape: WriteShape | null = null;
  met = false;
  private lastKey: string | null = null;
  private last: ShapeNode | null = null;
  private children: Map<string, ShapeNode> | null = null;

  child(key: string): ShapeNode | undefined {
    if (this.lastKey === key) return this.last!;
    const child = this.children?.get(key);
    if (child !== undefined) {
      this.lastKey = key;
      this.last = child;
    }
    return child;
  }

  add(key: string): ShapeNode {
    const child = new ShapeNode();
    (this.children ??= new Map()).set(key, child);
    return child;
  }
}

/** The writer's side: from keys to shape, along a tree of keys. */
export class ShapeTree {
  /** Numbered since the last `settle`, to be defined in the record at hand. */
  readonly fresh: WriteShape[] = [];
  private readonly numbered: WriteShape[] = [];
  private root = new ShapeNode();
  private nodes = 1;

  /** With 0, records stand alone: no reader has to have seen earlier ones. */
  constructor(private readonly most = MAX_SHAPES) {}

  /**
   * The numbered shape of a plain object, or null when its keys are to be spelled out. `for in` is quicker than a list of
   * keys, but finds inherited ones too, as in `Object.create(defaults)`: `write` looks at the prototype.
   */
  shapeOf(object: object): WriteShape | null {
    let node: ShapeNode | undefined = this.root;
    for (const key in object) {
      node = node.child(key);
      if (node === undefined) return this.meet(Object.keys(object));
    }
    const shape = node.shape;
    return shape !== null && shape.id >= 0 ? shape : this.meet(Object.keys(object));
  }

  /** The same from a list of keys, for instances of classes. */
  find(keys: readonly string[]): WriteShape | null {
    let node: ShapeNode | undefined = this.root;
    const length = keys.length;
    for (let i = 0; i < length; i++) {
      node = node.child(keys[i]);
      if (node === undefined) return this.meet(keys);
    }
    const shape = node.shape;
    if (shape !== null && shape.id >= 0) return shape;
    return this.meet(keys);
  }

  /** The definitions of the record at hand are on their way. */
  settle(): void {
    for (const shape of this.fresh) this.numbered.push(shape);
    this.fresh.length = 0;
  }

  private meet(keys: readonly string[]): WriteShape | null {
    if (keys.length > MAX_SHAPE_KEYS || this.numbered.length + this.fresh.length >= this.most) return null;
    if (keys.length > 0 && isIndex(keys[0])) return null;
    if (this.nodes > MAX_NODES) this.prune();
    const node = this.insert(keys);
    if (!node.met) {
      node.met = true;
      return null;
    }
    const shape = node.shape ??= new WriteShape(keys.slice());
    if (shape.id >= 0) return shape;
    shape.id = this.numbered.length + this.fresh.length;
    this.fresh.push(shape);
    return shape;
  }

  private insert(keys: readonly string[]): ShapeNode {
    let node = this.root;
    for (const key of keys) {
      let child = node.child(key);
      if (child === undefined) {
        child = node.add(key);
        this.nodes++;
      }
      node = child;
    }
    return node;
  }

  private prune(): void {
    this.root = new ShapeNode();
    this.nodes = 1;
    for (const shape of [...this.numbered, ...this.fresh]) this.insert(shape.keys).shape = shape;
  }
}

/** Keys that are array indices come first in an object, and mean a dictionary. */
function isIndex(key: string): boolean {
  const code = key.charCodeAt(0);
  return code >= 48 && code <= 57;
}

/** The reader's side of a shape. */
export interface ReadShape {
  /** Makes the object and reads its values. */
  read(reader: ValueReader): object;
  /** Makes the object without its values, for messages in which a value may refer back to it. */
  empty(): Record<string, unknown>;
  readonly keys: readonly string[];
}

export function readShape(keys: readonly string[]): ReadShape {
  let uses = 0;
  const shape = {
    keys,
    empty: () => objectOf(keys),
    read(reader: ValueReader): object {
      if (++uses === COMPILE_AT_USE) {
        shape.read = compileReader(keys);
        shape.empty = compileEmpty(keys);
      }
      const object: Record<string, unknown> = {};
      for (const key of keys) setOwn(object, key, reader.value());
      return object;
    },
  };
  return shape;
}

function objectOf(keys: readonly string[]): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const key of keys) setOwn(object, key, undefined);
  return object;
}

/** Assignment, except that `__proto__` becomes a property like any other. */
export function setOwn(object: object, key: string, value: unknown): void {
  if (key === "__proto__") {
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  } else {
    (object as Record<string, unknown>)[key] = value;
  }
}

// In an object literal `"__proto__": x` sets the prototype, `["__proto__"]: x` does not.
function literal(keys: readonly string[], value: string): string {
  const properties = keys.map((key) => {
    const name = JSON.stringify(key);
    return `${key === "__proto__" ? `[${name}]` : name}: ${value}`;
  });
  return `({ ${properties.join(", ")} })`;
}

// Keys come from messages, hence only ever as JSON string literals. Small integers and texts are told apart here, where
// the engine sees one type a property and compiles just that: 5 to 10 ns less a property. Behind the first property it
// knows the object's map, and with it the prototype: a look at that costs nothing there, 15 to 30 ns anywhere else.
function compileWriter(keys: readonly string[]): WriteValues {
  const ownOnly = "if (isPlain && Object.getPrototypeOf(object) !== Object.prototype) return false;";
  const statements = keys.map((key, index) => `
    v = object[${JSON.stringify(key)}];
    ${index === 0 ? ownOnly : ""}
    if (typeof v === "number" && (v << 8) >> 8 === v && (v !== 0 || 1 / v > 0)) writer.small(v);
    else if (typeof v === "string") writer.text(v);
    else writer.value(v);`);
  const body = `let v; ${statements.join("\n")} return true;`;
  return new Function("writer", "object", "isPlain", body) as WriteValues;
}

function compileReader(keys: readonly string[]): ReadShape["read"] {
  return new Function("reader", `return ${literal(keys, "reader.value()")};`) as ReadShape["read"];
}

function compileEmpty(keys: readonly string[]): ReadShape["empty"] {
  return new Function(`return ${literal(keys, "undefined")};`) as ReadShape["empty"];
}
