/* SPDX-License-Identifier: MIT */
/*
 * What the typed macros must refuse to compile, and beside it what they must
 * accept. check.sh compiles this file once for each name below, with one name
 * defined, with the compiler's default flags: a case named FAIL_... must stop the
 * compiler, a case named PASS_... must not. Most cases come in pairs, so that a
 * FAIL cannot be due to something else.
 */
#include "runnel.h"

struct point {
    int x, y;
};
struct other {
    int x, y;
};

RN_CHAN(int) ints;
RN_CHAN(unsigned char) bytes;
RN_CHAN(double) doubles;
RN_CHAN(struct point) points;
RN_CHAN(struct point *) pointers;
RN_CHAN(char *) strings;
RN_CHAN(const char *) texts;

int an_int;
unsigned an_unsigned;
long a_long;
char a_char;
unsigned char a_byte;
float a_float;
double a_double;
struct point a_point, *a_pointer;
struct other an_other, *other_pointer;
const char *a_text;
char *a_string;
void *a_void;
const int a_const = 1;
rn_chan *raw;
rn_case a_case;

int use(void);
int use(void)
{
    int r = 0;

    /* ---- get: arithmetic ---- */
#ifdef PASS_get_int_into_int
    r = rn_get(ints, &an_int);
#endif
#ifdef FAIL_get_int_into_unsigned
    r = rn_get(ints, &an_unsigned);
#endif
#ifdef FAIL_get_int_into_long
    r = rn_get(ints, &a_long);
#endif
#ifdef FAIL_get_int_into_char
    r = rn_get(ints, &a_char);
#endif
#ifdef PASS_get_byte_into_byte
    r = rn_get(bytes, &a_byte);
#endif
#ifdef FAIL_get_byte_into_char
    r = rn_get(bytes, &a_char);
#endif
#ifdef PASS_get_double_into_double
    r = rn_get(doubles, &a_double);
#endif
#ifdef FAIL_get_double_into_float
    r = rn_get(doubles, &a_float);
#endif
#ifdef FAIL_get_double_into_long
    r = rn_get(doubles, &a_long);
#endif
#ifdef FAIL_get_int_into_const
    r = rn_get(ints, &a_const);
#endif
#ifdef FAIL_get_int_into_no_pointer
    r = rn_get(ints, an_int);
#endif
#ifdef FAIL_get_int_into_void_pointer
    r = rn_get(ints, a_void);
#endif

    /* ---- get: structs ---- */
#ifdef PASS_get_struct_into_struct
    r = rn_get(points, &a_point);
#endif
#ifdef FAIL_get_struct_into_another
    r = rn_get(points, &an_other);
#endif
#ifdef FAIL_get_struct_into_int
    r = rn_get(points, &an_int);
#endif
#ifdef FAIL_get_int_into_struct
    r = rn_get(ints, &a_point);
#endif

    /* ---- get: pointers ---- */
#ifdef PASS_get_pointer_into_pointer
    r = rn_get(pointers, &a_pointer);
#endif
#ifdef FAIL_get_pointer_into_what_it_points_to
    r = rn_get(pointers, &a_point);
#endif
#ifdef FAIL_get_pointer_into_another
    r = rn_get(pointers, &other_pointer);
#endif
#ifdef FAIL_get_pointer_into_void_pointer
    r = rn_get(pointers, &a_void);
#endif
#ifdef PASS_get_text_into_text
    r = rn_get(texts, &a_text);
#endif
#ifdef FAIL_get_text_into_string
    r = rn_get(texts, &a_string);
#endif

    /* ---- range ---- */
#ifdef PASS_range_int
    rn_range(an_int, ints)
        r++;
#endif
#ifdef FAIL_range_int_into_long
    rn_range(a_long, ints)
        r++;
#endif
#ifdef PASS_range_struct
    rn_range(a_point, points)
        r++;
#endif
#ifdef FAIL_range_struct_into_another
    rn_range(an_other, points)
        r++;
#endif
#ifdef PASS_range_pointer
    rn_range(a_pointer, pointers)
        r++;
#endif
#ifdef FAIL_range_pointer_into_another
    rn_range(other_pointer, pointers)
        r++;
#endif

        /* ---- put: arithmetic converts as in an assignment ---- */
#ifdef PASS_put_int_from_int
    r = rn_put(ints, an_int);
#endif
#ifdef PASS_put_int_from_long
    r = rn_put(ints, a_long);
#endif
#ifdef PASS_put_int_from_char_constant
    r = rn_put(ints, 'x');
#endif
#ifdef PASS_put_double_from_int
    r = rn_put(doubles, an_int);
#endif
#ifdef PASS_put_byte_from_int
    r = rn_put(bytes, an_int);
#endif
#ifdef FAIL_put_int_from_pointer
    r = rn_put(ints, a_pointer);
#endif
#ifdef FAIL_put_int_from_text
    r = rn_put(ints, "text");
#endif
#ifdef FAIL_put_int_from_struct
    r = rn_put(ints, a_point);
#endif
#ifdef FAIL_put_double_from_pointer
    r = rn_put(doubles, a_void);
#endif

    /* ---- put: structs ---- */
#ifdef PASS_put_struct_from_struct
    r = rn_put(points, a_point);
#endif
#ifdef PASS_put_struct_from_literal
    r = rn_put(points, ((struct point){ 1, 2 }));
#endif
#ifdef FAIL_put_struct_from_another
    r = rn_put(points, an_other);
#endif
#ifdef FAIL_put_struct_from_int
    r = rn_put(points, an_int);
#endif
#ifdef FAIL_put_struct_from_pointer_to_it
    r = rn_put(points, &a_point);
#endif

    /* ---- put: pointers ---- */
#ifdef PASS_put_pointer_from_pointer
    r = rn_put(pointers, a_pointer);
#endif
#ifdef PASS_put_pointer_from_null
    r = rn_put(pointers, NULL);
#endif
#ifdef PASS_put_pointer_from_void_pointer
    r = rn_put(pointers, a_void);
#endif
#ifdef FAIL_put_pointer_from_another
    r = rn_put(pointers, other_pointer);
#endif
#ifdef FAIL_put_pointer_from_struct
    r = rn_put(pointers, a_point);
#endif
#ifdef FAIL_put_pointer_from_int
    r = rn_put(pointers, an_int);
#endif
#ifdef FAIL_put_pointer_from_double
    r = rn_put(pointers, a_double);
#endif
#ifdef PASS_put_text_from_string
    r = rn_put(texts, a_string);
#endif
#ifdef PASS_put_text_from_literal
    r = rn_put(texts, "text");
#endif
#ifdef FAIL_put_string_from_text
    r = rn_put(strings, a_text);
#endif
#ifdef FAIL_put_text_from_pointer_to_int
    r = rn_put(texts, &an_int);
#endif

    /* ---- select cases ---- */
#ifdef PASS_get_case_int
    a_case = RN_GET(ints, &an_int);
#endif
#ifdef FAIL_get_case_int_into_long
    a_case = RN_GET(ints, &a_long);
#endif
#ifdef PASS_get_case_struct
    a_case = RN_GET(points, &a_point);
#endif
#ifdef FAIL_get_case_struct_into_another
    a_case = RN_GET(points, &an_other);
#endif
#ifdef PASS_get_case_pointer
    a_case = RN_GET(pointers, &a_pointer);
#endif
#ifdef FAIL_get_case_pointer_into_another
    a_case = RN_GET(pointers, &other_pointer);
#endif
#ifdef PASS_put_case_int
    a_case = RN_PUT(ints, &an_int);
#endif
#ifdef FAIL_put_case_int_from_long
    a_case = RN_PUT(ints, &a_long);
#endif
#ifdef FAIL_put_case_int_from_value
    a_case = RN_PUT(ints, an_int);
#endif
#ifdef PASS_put_case_struct
    a_case = RN_PUT(points, &a_point);
#endif
#ifdef FAIL_put_case_struct_from_another
    a_case = RN_PUT(points, &an_other);
#endif
#ifdef PASS_put_case_pointer
    a_case = RN_PUT(pointers, &a_pointer);
#endif
#ifdef FAIL_put_case_pointer_from_what_it_points_to
    a_case = RN_PUT(pointers, &a_point);
#endif

    /* ---- typed and untyped ---- */
#ifdef PASS_raw_of_typed
    raw = rn_raw(ints);
#endif
#ifdef FAIL_raw_of_untyped
    raw = rn_raw(raw);
#endif
#ifdef FAIL_put_into_untyped
    r = rn_put(raw, an_int);
#endif
#ifdef FAIL_get_from_no_channel
    r = rn_get(&an_int, &an_int);
#endif
#ifdef PASS_same_type_twice
    RN_CHAN(int) again = ints;
    ints = again;
#endif
    return r;
}
