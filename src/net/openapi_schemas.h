/* Schemas of answers that no table declares, as JSON. */
#pragma once

struct openapi_schema {
    const char *name, *json;
};

extern const struct openapi_schema openapi_schemas[]; /* ended by a NULL name */
