/* How text gives a value to a name: `syntax.find` once more. What is named in a comment stands there. */

#ifndef KEYMUSTER_SYNTAX_H
#define KEYMUSTER_SYNTAX_H

#include "_expressions.h"
#include "_text.h"

#define LONGEST 2000
#define MOST_BEFORE_NAME 80 /* `_LONGEST_NAME` */
#define LONGEST_WRAPPER 160
#define LONGEST_PLAIN 410
#define MOST_VALUES 8
#define BETWEEN 200

enum { IS_NAMED = 1, ON_A_LINE = 2, OF_A_LINE = 4, HAS_VALUE = 8, IS_PLAIN_FORM = 16, IS_URL = 32 };

typedef struct {
    Expression confirm, value;
    Text says;
    int how, like, reach;
} Form;

typedef struct {
    Expression wrapper, list, next, scheme;
} Around; /* a value */

typedef struct {
    Text quote, value;
    int has_scheme;
} Span;

typedef struct {
    Text name, join, wrapper;
    Span spans[MOST_VALUES];
    int count, crosses;
    const uint8_t *named; /* where the name begins */
    Py_ssize_t stop; /* one past the last byte that had a say; may lie behind the text */
} Found;

static const uint8_t *first_of(uint8_t byte, const uint8_t *at, const uint8_t *end)
{
    return at < end ? memchr(at, byte, (size_t)(end - at)) : NULL;
}

static const uint8_t *first_part(const char *part, size_t size, const uint8_t *at, const uint8_t *end)
{
    for (; (at = first_of((uint8_t)*part, at, end)) && (size_t)(end - at) >= size; at++)
        if (!memcmp(at, part, size))
            return at;
    return NULL;
}

/* The end of so many bytes, or that of the text. */
static const uint8_t *within(Text text, const uint8_t *at, Py_ssize_t size)
{
    return text.end - at < size ? text.end : at + size;
}

static int is_quote(Text text, const uint8_t *at) { return at < text.end && is_one_of(*at, "\"'`"); }

/* The end of a quote of `_QUOTE`, or none. */
static const uint8_t *past_quote(Text text, const uint8_t *at)
{
    for (int count = 0; count < 3 && at < text.end && *at == '\\'; count++)
        at++;
    if (!is_quote(text, at))
        return NULL;
    int is_tripled = *at != '`' && text.end - at > 2 && at[1] == *at && at[2] == *at;
    return at + (is_tripled ? 3 : 1);
}

/* `_quoted`: 1 for a value, 0 if it is none; the last byte that had a say, in any case. */
static int quoted(Text text, const uint8_t *at, Span *span, Py_ssize_t *stop)
{
    const uint8_t *begin = past_quote(text, at), *end;
    if (!begin) {
        *stop = at - text.at;
        return 0;
    }
    size_t size = (size_t)(begin - at);
    span->quote = (Text){at, begin};
    if (size > 1) {
        end = first_part((const char *)at, size, begin, within(text, begin, LONGEST));
        *stop = (end ? end - text.at + (Py_ssize_t)size : begin - text.at + LONGEST);
        if (!end || first_of('\n', begin, end))
            return 0;
        span->value = (Text){begin, end};
        return 1;
    }
    end = begin;
    for (int count = 0; count < LONGEST && end < text.end && *end != *at; count++) {
        if (*end == '\r' || *end == '\n')
            break;
        if (*end == '\\') {
            if (end + 1 == text.end || end[1] == '\r' || end[1] == '\n')
                break;
            end++;
        }
        end++;
    }
    *stop = end - text.at + 1;
    if (end == text.end || *end != *at) {
        *stop += end < text.end && *end == '\\';
        return 0;
    }
    span->value = (Text){begin, end};
    return 1;
}

/* `_bare` */
static int bare(Text text, const uint8_t *at, uint8_t before, Span *span, Py_ssize_t *stop)
{
    static const char *const marks[] = {"</", "]]>", "\\n", "\\r", "&"};
    static const char opening[] = "([{<", closing[] = ")]}>";
    const uint8_t *end = at, *last = within(text, at, LONGEST), *cut;
    while (end < last && !is(*end, SPACE) && !is_one_of(*end, "\"'`"))
        end++;
    *stop = end - text.at + 1;
    if (end == at)
        return 0;
    int in_flow = is_one_of(before, "{,;?&"), in_query = is_one_of(before, "?&");
    for (const char *mark = ",;"; *mark; mark++) {
        cut = first_of((uint8_t)*mark, at, end);
        if (cut && cut > at && (in_flow || cut == end - 1))
            end = cut;
    }
    for (int one = 0; one < 4 + in_query; one++) {
        cut = first_part(marks[one], strlen(marks[one]), at, end);
        if (cut && cut > at)
            end = cut;
    }
    int opened[4], closed[4];
    Text value = {at, end};
    for (int one = 0; one < 4; one++) {
        opened[one] = counted(value, (uint8_t)opening[one]);
        closed[one] = counted(value, (uint8_t)closing[one]);
    }
    for (; end > at; end--) {
        const char *closer = is_one_of(end[-1], closing) ? strchr(closing, end[-1]) : NULL;
        if (!closer || opened[closer - closing] >= closed[closer - closing])
            break;
        closed[closer - closing]--;
    }
    *span = (Span){{at, at}, {at, end}, 0};
    return 1;
}

/* `_line`: 0 if there is none. */
static Py_ssize_t end_of_line(Text text, const uint8_t *at, const uint8_t *end, Py_ssize_t stop)
{
    Py_ssize_t size = text.end - text.at;
    const uint8_t *line = first_of('\n', end, text.at + (stop < size ? stop : size));
    if (!line)
        return 0;
    if (!is_quote(text, at)) {
        const uint8_t *last = line;
        while (last > at && is(last[-1], SPACE))
            last--;
        if (last > at && is_one_of(last[-1], "([{"))
            return 0;
    }
    return line - text.at + 1;
}

/* `_spans`: -1 if that would take too long, else 0. */
static int take_spans(const Around *around, Text text, const uint8_t *at, uint8_t before, int lists,
                      Found *to, Py_ssize_t *line)
{
    Matching in = {.begin = text.at, .end = text.end};
    Py_ssize_t stop = 0, further;
    int opened = lists ? matches(&around->list, &in, at) : 0;
    *line = 0;
    if (opened < 0)
        return -1;
    if (opened)
        at = in.slots[1];
    while (to->count < MOST_VALUES) {
        Span span;
        int is_one = quoted(text, at, &span, &stop);
        if (!is_one) {
            is_one = bare(text, at, before, &span, &further);
            stop = further > stop ? further : stop;
        }
        if (!is_one || span.value.at == span.value.end) {
            Py_ssize_t found = !opened && is_quote(text, at) ? end_of_line(text, at, at, stop) : 0;
            *line = stop <= found ? found : 0;
            break;
        }
        span.has_scheme = 0;
        to->spans[to->count++] = span;
        int follows = opened && span.quote.at < span.quote.end
                          ? matches(&around->next, &in, span.value.end) : 0;
        if (follows < 0)
            return -1;
        if (!follows) {
            *line = opened ? 0 : end_of_line(text, at, span.value.end, stop + BETWEEN);
            break;
        }
        at = in.slots[1];
    }
    to->stop = stop + BETWEEN;
    return 0;
}

/* `_unwrapped`: 1, with where the value begins; 0 if that goes on, -1 if it would take too long to say. */
static int unwrapped(const Around *around, Text text, const uint8_t **at)
{
    Matching in = {.begin = text.at, .end = text.end};
    const uint8_t *begin = *at;
    int found;
    if (is_quote(text, begin))
        return 1;
    while ((found = matches(&around->wrapper, &in, *at)) > 0) {
        *at = in.slots[1];
        if (*at - begin > LONGEST_WRAPPER)
            return 0;
    }
    return found < 0 ? -1 : 1;
}

/* `_name_start` */
static const uint8_t *name_start(Text text, const uint8_t *word)
{
    const uint8_t *floor = word - text.at > MOST_BEFORE_NAME ? word - MOST_BEFORE_NAME : text.at;
    while (word > floor && (is(word[-1], WORD) || is_one_of(word[-1], ".-$@/")))
        word--;
    return word;
}

/* `_unconfirmed` */
static Py_ssize_t unconfirmed(const Form *form, Text text, const uint8_t *at)
{
    const uint8_t *line = NULL;
    if (form->how & ON_A_LINE)
        line = first_of('\n', at, within(text, at, form->reach));
    return line ? line - text.at + 1 : at - text.at + form->reach;
}

/* The same as `find`; -1 if that would take too long, else 0. */
static int find(const Form *form, const Around *around, Text text, const uint8_t *start, Found *to)
{
    Matching in = {.begin = text.at, .end = text.end};
    int confirmed = matches(&form->confirm, &in, start);
    to->count = 0;
    if (confirmed <= 0) {
        to->stop = unconfirmed(form, text, start);
        return confirmed;
    }
    const uint8_t *at = in.slots[1], *begin = in.slots[2], *end = in.slots[3];
    if (!(form->how & IS_NAMED))
        begin = name_start(text, begin);
    to->named = begin;
    to->name = size_of(form->says) ? form->says : (Text){begin, end};
    to->join = (Text){in.slots[4], in.slots[5]};
    to->crosses = first_of('\n', in.slots[6], in.slots[7]) != NULL;
    to->wrapper = (Text){at, at};
    Py_ssize_t line = 0, least = start - text.at + form->reach;
    if (form->how & HAS_VALUE) {
        int found = matches(&form->value, &in, at);
        if (found < 0)
            return -1;
        to->stop = at - text.at + LONGEST_PLAIN;
        if (found)
            to->spans[to->count++] = (Span){{at, at}, {at, in.slots[1]}, 0};
        const uint8_t *next = first_of('\n', found ? in.slots[1] : at, within(text, at, LONGEST_PLAIN));
        line = next ? next - text.at + 1 : 0;
    } else {
        int found = unwrapped(around, text, &to->wrapper.end);
        if (found <= 0) {
            to->stop = at - text.at + 3 * LONGEST_WRAPPER;
            return found;
        }
        int lists = !(size_of(to->join) == 1 && *to->join.at == '(');
        uint8_t before = begin > text.at ? begin[-1] : 0;
        if (take_spans(around, text, to->wrapper.end, before, lists, to, &line))
            return -1;
        for (int one = 0; one < to->count; one++) {
            Span *span = to->spans + one;
            in.end = span->value.end;
            int said = matches(&around->scheme, &in, span->value.at);
            if (said < 0)
                return -1;
            span->has_scheme = said;
            if (said)
                span->value.at = in.slots[1];
        }
    }
    if (to->stop < least)
        to->stop = least;
    if (line && form->how & OF_A_LINE && line < to->stop)
        to->stop = line;
    return 0;
}

#endif
