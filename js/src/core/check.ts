/** The part of JSON Schema that the payload's own schema uses. */
export interface Schema {
  $ref?: string;
  $defs?: Record<string, Schema>;
  anyOf?: Schema[];
  type?: string;
  const?: unknown;
  enum?: unknown[];
  minimum?: number;
  multipleOf?: number;
  minItems?: number;
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
}

/** Returns where and how `value` departs from `schema`, or an empty text. */
export function fault(value: unknown, schema: Schema, root: Schema = schema, at = ""): string {
  if (schema.$ref) return fault(value, definition(schema.$ref, root), root, at);
  if (schema.anyOf) {
    const faults = schema.anyOf.map((option) => fault(value, option, root, at));
    return faults.includes("") ? "" : (faults[0] ?? "");
  }
  const bad = `${at || "payload"} is not ${schema.type ?? "one of the known values"}`;
  if (!hasType(value, schema.type)) return bad;
  if (schema.const !== undefined && value !== schema.const) return bad;
  if (schema.enum && !schema.enum.includes(value)) return bad;
  if (typeof value === "number") return numberFault(value, schema, at);
  if (Array.isArray(value)) return listFault(value, schema, root, at);
  if (typeof value === "object" && value !== null) {
    return objectFault(value as Record<string, unknown>, schema, root, at);
  }
  return "";
}

function definition(reference: string, root: Schema): Schema {
  return root.$defs?.[reference.slice(reference.lastIndexOf("/") + 1)] ?? {};
}

function hasType(value: unknown, type: string | undefined): boolean {
  switch (type) {
    case undefined:
      return true;
    case "null":
      return value === null;
    case "array":
      return Array.isArray(value);
    case "integer":
      return Number.isInteger(value);
    case "number":
      return Number.isFinite(value);
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    default:
      return typeof value === type;
  }
}

function numberFault(value: number, schema: Schema, at: string): string {
  if (value < (schema.minimum ?? value)) return `${at} is below ${schema.minimum}`;
  if (value % (schema.multipleOf ?? 1) && schema.multipleOf) {
    return `${at} is not a multiple of ${schema.multipleOf}`;
  }
  return "";
}

function listFault(value: unknown[], schema: Schema, root: Schema, at: string): string {
  if (value.length < (schema.minItems ?? 0)) return `${at} is empty`;
  if (!schema.items) return "";
  for (const [index, item] of value.entries()) {
    const found = fault(item, schema.items, root, `${at}[${index}]`);
    if (found) return found;
  }
  return "";
}

function objectFault(
  value: Record<string, unknown>,
  schema: Schema,
  root: Schema,
  at: string,
): string {
  const missing = schema.required?.find((key) => !Object.hasOwn(value, key));
  if (missing) return `${at ? `${at}.` : ""}${missing} is missing`;
  for (const [key, item] of Object.entries(value)) {
    const known = schema.properties && Object.hasOwn(schema.properties, key);
    const expected = known ? schema.properties?.[key] : schema.additionalProperties;
    const path = at ? `${at}.${key}` : key;
    if (expected === false) return `${path} is unknown`;
    const found = typeof expected === "object" ? fault(item, expected, root, path) : "";
    if (found) return found;
  }
  return "";
}
