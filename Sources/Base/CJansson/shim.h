// SPDX-License-Identifier: MIT
#pragma once
#include <jansson.h>

// json_decref and json_incref are inline over atomic macros that Swift does not import.
static inline void cni_json_decref(json_t *value) { json_decref(value); }
// Macros in jansson.h.
static inline json_type cni_json_type(const json_t *value) { return json_typeof(value); }
static inline enum json_error_code cni_json_error_code(const json_error_t *error) { return json_error_code(error); }
