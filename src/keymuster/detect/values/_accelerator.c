/* The weighing of a value: obvious.py says which need none, signals.py has what is seen of a value and says
   what each signal means, weighing.py what the trees make of that. Here is all of it once more, signals and
   trees in one pass, with the same numbers in the same order; what is named in a comment stands there. A
   `Judge` does it for all values that a hit leads to (judging.py), which `_syntax.h` finds.

   Texts may be hostile: no byte is read and none written before its place is checked. */

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "_expressions.h"
#include "_syntax.h"
#include "_text.h"

#define NEAR 200
#define LOOKED_AT 160 /* `_SEEN` */
#define LONGEST_NAME 512
#define MOST_SIGNALS 512
#define MOST_STAGES 32
#define DEEPEST_TREE 64
#define HEADS 1024

/* sets of words */

typedef struct {
    const uint8_t *text;
    size_t size;
    uint32_t bits;
    int32_t next;
} One;

typedef struct {
    One *ones;
    int32_t heads[HEADS]; /* by the first byte, or by `place_of` */
    size_t longest;
} Words;

static uint32_t place_of(const uint8_t *text, size_t size)
{
    return (uint32_t)(text[0] * 31 + text[size / 2] * 7 + text[size - 1] * 131 + size) % HEADS;
}

static int take_words(Words *words, PyObject *pairs, int by_first)
{
    Py_ssize_t count = PyTuple_Check(pairs) ? PyTuple_Size(pairs) : 0;
    memset(words->heads, -1, sizeof words->heads);
    words->ones = calloc((size_t)count + 1, sizeof *words->ones);
    if (!words->ones) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t at = count; at-- > 0;) { /* so that the first of a place comes first */
        const char *text;
        Py_ssize_t size;
        unsigned int bits;
        PyObject *pair = PyTuple_GetItem(pairs, at);
        if (!PyTuple_Check(pair) || !PyArg_ParseTuple(pair, "y#I", &text, &size, &bits) || !size) {
            if (!PyErr_Occurred())
                PyErr_SetString(PyExc_ValueError, "no word");
            return -1;
        }
        const uint8_t *bytes = (const uint8_t *)text;
        uint32_t place = by_first ? bytes[0] : place_of(bytes, (size_t)size);
        words->ones[at] = (One){bytes, (size_t)size, bits, words->heads[place]};
        words->heads[place] = (int32_t)at;
        if ((size_t)size > words->longest)
            words->longest = (size_t)size;
    }
    return 0;
}

static const One *known(const Words *words, const uint8_t *text, size_t size)
{
    if (!size || size > words->longest)
        return NULL;
    for (int32_t at = words->heads[place_of(text, size)]; at >= 0; at = words->ones[at].next)
        if (words->ones[at].size == size && !memcmp(words->ones[at].text, text, size))
            return words->ones + at;
    return NULL;
}

/* The first of the words that a text begins with. */
static const One *begun(const Words *words, const uint8_t *at, const uint8_t *end)
{
    for (int32_t one = words->heads[*at]; one >= 0; one = words->ones[one].next)
        if (words->ones[one].size <= (size_t)(end - at) &&
            !memcmp(words->ones[one].text, at, words->ones[one].size))
            return words->ones + one;
    return NULL;
}

/* trees: one node behind the other, what is left of one follows it */

typedef struct {
    double value;   /* of a leaf, or that up to which it goes to the left */
    int32_t signal; /* -1 for a leaf */
    uint32_t right;
} Node;

typedef struct {
    int signals;
    double least;
    size_t first, end; /* among the roots */
} Stage;

typedef struct {
    PyObject_HEAD
    PyObject *tables; /* whose bytes the words are */
    Words topics, literals, stand_ins, mine, secrets, sequences;
    int64_t weights[LOOKED_AT + 1]; /* of so many times the same byte: `_N_LOG_N` */
    double logs[LOOKED_AT + 1];
    int groups[3]; /* the signals at the end of each */
    uint32_t bits[2][32];
    int topic_count[2];
    Stage stages[MOST_STAGES];
    int stage_count;
    uint32_t *roots;
    Node *nodes;
    size_t count, room, trees, tree_room;
} Scales;

/* what is seen of one value */

typedef struct {
    double said[MOST_SIGNALS];
    int count;
    Text value, name, before, after, left, right; /* the last two on the line of the value */
    size_t quote;
    Text seen;
    uint8_t small[LOOKED_AT];
} Weighed;

static void say(Weighed *on, double what)
{
    if (on->count < MOST_SIGNALS)
        on->said[on->count++] = what;
}

static int all_is(Text text, int kind) { return past(text.at, text.end, kind) == text.end; }

static void beside(Weighed *on)
{
    uint8_t last = all_is(on->left, SPACE) ? 0 : on->left.end[-1];
    int none = all_is(on->left, SPACE);
    say(on, !none && is_one_of(last, "\"'`"));
    say(on, !none && is_one_of(last, "{("));
    say(on, !none && is_one_of(last, "?&"));
    say(on, none);
}

static void classes(Weighed *on)
{
    size_t size = size_of(on->value);
    int lower = 0, upper = 0, digits = 0, blanks = 0, wide = 0, part = (int)size_of(on->seen);
    for (const uint8_t *at = on->seen.at; at < on->seen.end; at++) {
        uint8_t kind = kinds[*at];
        lower += (kind & LOWER) != 0;
        upper += (kind & UPPER) != 0;
        digits += (kind & DIGIT) != 0;
        blanks += (kind & BLANK) != 0;
        wide += (kind & WIDE) != 0;
    }
    int marks = part - lower - upper - digits - blanks - wide;
    say(on, (double)size);
    say(on, (double)lower / part);
    say(on, (double)upper / part);
    say(on, (double)digits / part);
    say(on, (double)marks / part);
    say(on, (double)wide / part);
    say(on, blanks);
    say(on, (lower > 0) + (upper > 0) + (digits > 0) + (marks > 0));
    say(on, digits > 0 && lower + upper > 0);
    say(on, size == 16 || size == 20 || size == 24 || size == 32 || size == 40 || size == 64 ||
                size == 128);
}

/* The end of a word of `_WORDS`; where it begins is changed to where it does. None is left if they are
   the same. */
static const uint8_t *word(const uint8_t **from, const uint8_t *end)
{
    const uint8_t *at = *from;
    while (at < end && !is(*at, ALNUM))
        at++;
    *from = at;
    if (at == end || is(*at, DIGIT))
        return past(at, end, DIGIT);
    const uint8_t *capitals = past(at, end, UPPER);
    if (capitals == end || !is(*capitals, LOWER))
        return capitals;
    return capitals - at > 1 ? capitals - 1 : past(capitals, end, LOWER);
}

typedef struct {
    uint8_t at, size;
} Part; /* of the value in small letters */

static int words_of(const Weighed *on, Part *parts)
{
    int count = 0;
    const uint8_t *from = on->seen.at, *end;
    for (; (end = word(&from, on->seen.end)) > from; from = end) {
        Part part = {(uint8_t)(from - on->seen.at), (uint8_t)(end - from)};
        int is_new = 1;
        for (int other = 0; is_new && other < count; other++)
            is_new = parts[other].size != part.size ||
                     memcmp(on->small + parts[other].at, on->small + part.at, part.size);
        if (is_new)
            parts[count++] = part;
    }
    return count;
}

static int shares_a_word(const Weighed *on, const Part *parts, int count)
{
    const uint8_t *from = on->name.at, *end;
    for (; (end = word(&from, on->name.end)) > from; from = end)
        for (int one = 0; one < count; one++) {
            size_t same = 0;
            while (parts[one].size == end - from && same < parts[one].size &&
                   on->small[parts[one].at + same] == small_of[from[same]])
                same++;
            if (same && same == parts[one].size)
                return 1;
        }
    return 0;
}

static void variety(Weighed *on, const Scales *scales)
{
    uint8_t counts[256] = {0}, different = 0;
    int64_t sum = 0;
    size_t part = size_of(on->seen);
    for (const uint8_t *at = on->seen.at; at < on->seen.end; at++)
        different += !counts[*at]++;
    for (int byte = 0; byte < 256; byte++)
        sum += scales->weights[counts[byte]];
    say(on, scales->logs[part] - (double)sum / 1099511627776.0 / (double)part);
    say(on, (double)different / (double)part);
}

static void switches(Weighed *on)
{
    size_t runs = 0, longest = 0;
    for (const uint8_t *at = on->seen.at, *end; at < on->seen.end; at = end, runs++) {
        int kind = kinds[*at] & ALNUM;
        for (end = at + 1; end < on->seen.end && (kinds[*end] & ALNUM) == kind;)
            end++;
        if ((size_t)(end - at) > longest)
            longest = (size_t)(end - at);
    }
    say(on, (double)runs / (double)size_of(on->seen));
    say(on, (double)longest);
}

static int is_hex(Text text)
{
    const uint8_t *at = text.at;
    if (size_of(text) > 2 && at[0] == '0' && (at[1] | 32) == 'x')
        at += 2;
    for (; at < text.end; at++)
        if (!is(*at, DIGIT) && ((*at | 32) < 'a' || (*at | 32) > 'f'))
            return 0;
    return 1;
}

static int is_base64(Text text)
{
    for (int padding = 0; padding < 2 && text.at < text.end && text.end[-1] == '='; padding++)
        text.end--;
    for (const uint8_t *at = text.at; at < text.end; at++)
        if (!is(*at, WORD) && !is_one_of(*at, "+/-"))
            return 0;
    return size_of(text) >= 8;
}

static int begins_identifier(const uint8_t *at, const uint8_t *end)
{
    return at < end && (is(*at, LETTER | UNDERSCORE) || *at == '$');
}

static const uint8_t *identifier(const uint8_t *at, const uint8_t *end)
{
    while (at < end && (is(*at, WORD) || *at == '$'))
        at++;
    return at;
}

static int is_identifier(Text text)
{
    return begins_identifier(text.at, text.end) && identifier(text.at, text.end) == text.end;
}

static int is_camel(Text text)
{
    const uint8_t *at = past(text.at, text.end, LOWER);
    int parts = at > text.at;
    while (at < text.end && is(*at, UPPER)) {
        const uint8_t *end = past(at + 1, text.end, LOWER);
        if (end == at + 1)
            return 0;
        at = end;
        parts++;
    }
    return at == text.end && parts >= 2;
}

/* `_PLACEHOLDER`, in small letters */
static int stands_in(const Scales *scales, const uint8_t *small, size_t size)
{
    const uint8_t *end = small + size;
    for (const uint8_t *at = small; at < end; at++) {
        if (begun(&scales->stand_ins, at, end))
            return 1;
        if (*at == 'b' && begins(at, end, "bar") && (at + 3 == end || !is(at[3], WORD)))
            return 1;
        if (*at == 'h' && begins(at, end, "here") &&
            (at + 4 == end || (at + 5 == end && at[4] == '\n')))
            return 1;
        if (*at == 'm' && end - at > 2 && at[1] == 'y' && (at == small || !is(at[-1], ALNUM)) &&
            begun(&scales->mine, at + 2, end))
            return 1;
    }
    return 0;
}

static int secret_words(const Scales *scales, const uint8_t *small, size_t size)
{
    int count = 0;
    for (const uint8_t *at = small, *end = small + size; at < end;) {
        const One *found = begun(&scales->secrets, at, end);
        count += found != NULL;
        at += found ? found->size : 1;
    }
    return count;
}

/* `_SEQUENCE`; of the words that are a character again and again, any more of it belongs to them */
static size_t in_sequence(const Scales *scales, const uint8_t *small, size_t size)
{
    size_t count = 0;
    for (const uint8_t *at = small, *end = small + size; at < end;) {
        const One *found = begun(&scales->sequences, at, end);
        const uint8_t *behind = at + (found ? found->size : 1);
        while (found && found->bits && behind < end && *behind == *at)
            behind++;
        count += found ? (size_t)(behind - at) : 0;
        at = behind;
    }
    return count;
}

static int repeats(Text text)
{
    for (const uint8_t *at = text.at; text.end - at > 3; at++)
        if (at[0] == at[1] && at[0] == at[2] && at[0] == at[3])
            return 1;
    return 0;
}

static size_t plain(Text text, uint8_t *to)
{
    size_t size = 0;
    for (const uint8_t *at = text.at; at < text.end; at++)
        if (is(*at, ALNUM))
            to[size++] = small_of[*at];
    return size;
}

static int lies_in(const uint8_t *part, size_t size, const uint8_t *text, size_t of)
{
    for (size_t at = 0; size && at + size <= of; at++)
        if (text[at] == part[0] && !memcmp(text + at, part, size))
            return 1;
    return !size;
}

/* marks */

static int is_dotted(Text text)
{
    const uint8_t *at = text.at, *end = text.end;
    int parts = 0;
    for (; begins_identifier(at, end); parts++) {
        at = identifier(at, end);
        int joint = at < end && *at == '.' ? 1 : begins(at, end, "->") || begins(at, end, "::") ? 2 : 0;
        if (!joint || !begins_identifier(at + joint, end)) {
            parts++;
            break;
        }
        at += joint;
    }
    if (parts < 2)
        return 0;
    if (at < end && (*at == '!' || *at == '?'))
        at++;
    return at == end || (*at == '(' && !memchr(at, '\n', (size_t)(end - at)));
}

static int is_constant(Text text)
{
    const uint8_t *at = text.at;
    int parts = 0;
    if (at == text.end || !is(*at, UPPER))
        return 0;
    for (at = past(at, text.end, UPPER | DIGIT); at < text.end && *at == '_'; parts++) {
        const uint8_t *end = past(at + 1, text.end, UPPER | DIGIT);
        if (end == at + 1)
            return 0;
        at = end;
    }
    return parts > 0 && at == text.end;
}

static int has_sentence(Text text)
{
    for (const uint8_t *at = text.at; at < text.end; at++) {
        if (!is(*at, SPACE) || at == text.at || is(at[-1], SPACE))
            continue;
        const uint8_t *last = at - is_one_of(at[-1], ".,!?:'");
        const uint8_t *next = past(at, text.end, SPACE);
        if (last - text.at >= 2 && is(last[-1], LETTER) && is(last[-2], LETTER) &&
            text.end - next >= 2 && is(next[0], LETTER) && is(next[1], LETTER))
            return 1;
    }
    return 0;
}

static int has_path(Text text)
{
    static const char *const ends[] = {
        ".pem", ".key", ".json", ".yaml", ".yml", ".txt", ".crt", ".cer", ".p12", ".jks", ".py", ".js",
        ".rb", ".go", ".php", ".htm", ".html", ".xml", ".cfg", ".conf", ".ini", ".env", ".db", ".log",
        ".sh", ".gz", ".zip", ".png",
    };
    const uint8_t *at = text.at, *end = text.end;
    while (at < end && at - text.at < 2 && (*at == '.' || *at == '~'))
        at++;
    if (at < end && *at == '/')
        return 1;
    if (end - text.at > 2 && is(text.at[0], LETTER) && text.at[1] == ':' && text.at[2] == '\\')
        return 1;
    for (at = text.at; at < end; at++) {
        if (*at == ':' && begins(at, end, "://"))
            return 1;
        if (*at == '/') {
            const uint8_t *behind = past(at + 1, end, WORD);
            if (behind > at + 1 && behind < end && *behind == '/')
                return 1;
        }
    }
    for (size_t one = 0; one < sizeof ends / sizeof *ends; one++) {
        size_t size = strlen(ends[one]);
        if (size_of(text) >= size && !memcmp(end - size, ends[one], size))
            return 1;
    }
    return 0;
}

/* Whether a text begins with a pattern, of which `d` stands for a digit and the rest for itself. */
static int looks_like(const uint8_t *at, const uint8_t *end, const char *pattern)
{
    for (; *pattern; pattern++, at++)
        if (at >= end || (*pattern == 'd' ? !is(*at, DIGIT) : *at != (uint8_t)*pattern))
            return 0;
    return 1;
}

static int has_date(Text text)
{
    static const char *const dates[] = {"dddd-dd-dd", "d/d/dddd", "d/dd/dddd", "dd:dd"};
    for (const uint8_t *at = text.at; at < text.end; at++)
        for (size_t one = 0; is(*at, DIGIT) && one < sizeof dates / sizeof *dates; one++)
            if (looks_like(at, text.end, dates[one]))
                return 1;
    return 0;
}

/* `_HASHED`, in small letters */
static int has_hash(const uint8_t *small, size_t size)
{
    static const char *const crypts[] = {"2", "2a", "2b", "2x", "2y", "1", "5", "6", "apr1", "y", "p", "h"};
    static const char *const stored[] = {"ssha", "sha", "md5", "crypt", "smd5", "bcrypt"};
    const uint8_t *end = small + size, *at;
    if (begins(small, end, "sha")) {
        at = past(small + 3, end, DIGIT);
        if (at > small + 3 && at < end && (*at == ':' || *at == '-'))
            return 1;
    }
    if (begins(small, end, "md5:") || begins(small, end, "md5-"))
        return 1;
    for (at = small; at < end; at++) {
        if (*at == 'p' && begins(at, end, "pbkdf2_"))
            return 1;
        if (*at == '$') {
            const uint8_t *behind = past(at + 1, end, WORD);
            if (behind == end || *behind != '$')
                continue;
            if (begins(at + 1, end, "argon2") || begins(at + 1, end, "pbkdf2"))
                return 1;
            for (size_t one = 0; one < sizeof crypts / sizeof *crypts; one++)
                if ((size_t)(behind - at) - 1 == strlen(crypts[one]) &&
                    begins(at + 1, end, crypts[one]))
                    return 1;
        }
        for (size_t one = 0; *at == '{' && one < sizeof stored / sizeof *stored; one++)
            if (begins(at + 1, end, stored[one])) {
                const uint8_t *behind = past(at + 1 + strlen(stored[one]), end, DIGIT);
                if (behind < end && *behind == '}')
                    return 1;
            }
    }
    return 0;
}

/* Whether at least one and at most so many characters of a kind, or of some others, follow and then a
   certain one. */
static int encloses(const uint8_t *at, const uint8_t *end, const char *others, int most, uint8_t closing)
{
    const uint8_t *begin = at;
    while (at < end && at - begin <= most && (is(*at, WORD) || is_one_of(*at, others)))
        at++;
    return at > begin && at - begin <= most && at < end && *at == closing;
}

static int has_reference(Text text)
{
    const uint8_t *end = text.end;
    for (const uint8_t *at = text.at; at + 1 < end; at++) {
        uint8_t next = at[1];
        const uint8_t *behind;
        int is_one = 0;
        switch (*at) {
        case '$': is_one = next == '{' || next == '(' || is(next, WORD); break;
        case '{':
            behind = past(at + 1, end, DIGIT);
            is_one = next == '{' || (behind < end && *behind == '}') || encloses(at + 1, end, ".", 40, '}');
            break;
        case '}': is_one = next == '}'; break;
        case '<': is_one = next == '%' || encloses(at + 1, end, " -", 40, '>'); break;
        case '#': is_one = next == '{'; break;
        case '@': is_one = next == '{' || encloses(at + 1, end, "", LOOKED_AT, '@'); break;
        case '%':
            is_one = next == '>' || next == '(' ||
                     (is_one_of(next, "sdvqx@") && (at + 2 == end || !is(at[2], WORD))) ||
                     encloses(at + 1, end, "", LOOKED_AT, '%');
            break;
        case '[': is_one = next == '['; break;
        case '_':
            behind = next == '_' ? past(at, end, WORD) : at;
            for (; !is_one && behind - at > 4; behind--)
                is_one = behind[-1] == '_' && behind[-2] == '_';
            break;
        }
        if (is_one)
            return 1;
    }
    return 0;
}

static int has_code(Text text)
{
    const uint8_t *end = text.end;
    if (text.at < end && end[-1] == ';')
        return 1;
    for (const uint8_t *at = text.at; at + 1 < end; at++) {
        uint8_t next = at[1];
        int is_word = is(*at, WORD);
        if (next == '(' && (is_word || *at == ']' || *at == ')'))
            return 1;
        if ((is_word || *at == ')') && end - at > 3 && is(next, SPACE) &&
            (at[2] == '+' || at[2] == '?') && is(at[3], SPACE))
            return 1;
        int is_one = 0;
        switch (*at) {
        case ')': is_one = next == '.'; break;
        case '-': is_one = next == '>'; break;
        case ':': is_one = next == ':'; break;
        case '&': is_one = next == '&'; break;
        case '|': is_one = next == '|'; break;
        case '+': is_one = next == '+'; break;
        case '(': is_one = next == ')'; break;
        case '=': is_one = next == '>' || (next == '=' && end - at > 2 && at[2] != '\n'); break;
        case '[': {
            const uint8_t *behind = past(at + 1, end, WORD);
            is_one = behind < end && *behind == ']';
            break;
        }
        }
        if (is_one)
            return 1;
    }
    return 0;
}

#define OF_MARKS 22

static void marks(Weighed *on)
{
    Text value = on->value, seen = on->seen;
    while (value.at < value.end && value.end[-1] == '=')
        value.end--;
    say(on, is_dotted(seen));
    say(on, is_constant(seen));
    say(on, has_sentence(seen));
    say(on, has_path(seen));
    say(on, has_date(seen));
    say(on, has_hash(on->small, size_of(seen)));
    say(on, has_reference(seen));
    say(on, has_code(seen));
    say(on, is_one_of(on->value.end[-1], ".:,!?"));
    for (const char *mark = "/.:-_\\@%+,"; *mark; mark++)
        say(on, holds(seen, (uint8_t)*mark));
    say(on, holds(seen, '(') || holds(seen, ')'));
    say(on, holds(seen, '[') || holds(seen, '{'));
    say(on, holds(value, '='));
}

static void of_value(Weighed *on, const Scales *scales)
{
    Part parts[LOOKED_AT];
    uint8_t body[LOOKED_AT], name[LONGEST_NAME];
    size_t part = size_of(on->seen), size = size_of(on->value);
    for (size_t at = 0; at < part; at++)
        on->small[at] = small_of[on->seen.at[at]];
    size_t bodied = plain(on->seen, body), named = plain(on->name, name);
    int words = words_of(on, parts);
    variety(on, scales);
    switches(on);
    say(on, words);
    say(on, is_hex(on->seen));
    say(on, is_base64(on->value));
    say(on, on->value.end[-1] == '=');
    say(on, size % 4 == 0);
    say(on, is_identifier(on->seen));
    say(on, is_camel(on->seen));
    say(on, known(&scales->literals, on->small, part) != NULL);
    say(on, stands_in(scales, on->small, part));
    say(on, secret_words(scales, on->small, part));
    say(on, (double)in_sequence(scales, on->small, part) / (double)part);
    say(on, repeats(on->seen));
    say(on, (bodied == named && !memcmp(body, name, named)) ||
                (bodied > 3 && lies_in(body, bodied, name, named)));
    say(on, named && lies_in(name, named, body, bodied));
    say(on, shares_a_word(on, parts, words));
    say(on, is_one_of(*on->value.at, "$%#@{<[(&*!"));
    say(on, is(*on->value.at, UPPER));
    if (bodied < part)
        marks(on);
    else
        for (int one = 0; one < OF_MARKS; one++)
            say(on, 0);
}

/* its line */

static int is_comment(Text left)
{
    static const char *const begin[] = {"#", "//", "/*", "*", ";", "--", "<!--", "'", "%", ".."};
    const uint8_t *at = past(left.at, left.end, SPACE);
    for (size_t one = 0; one < sizeof begin / sizeof *begin; one++)
        if (begins(at, left.end, begin[one]))
            return 1;
    return begins(at, left.end, "rem") && (at + 3 == left.end || !is(at[3], WORD));
}

/* `_SETS`, from its end */
static int is_set(Text left)
{
    static const char *const verbs[] = {
        "set", "put", "add", "define", "insert", "store", "register", "export", "append", "create", "update",
    };
    const uint8_t *floor = size_of(left) > 40 ? left.end - 40 : left.at, *at = left.end;
    if (at > floor && is_one_of(at[-1], "\"'`"))
        at--;
    for (int spaces = 0; at > floor && spaces < 4 && is(at[-1], SPACE); spaces++)
        at--;
    if (at == floor || *--at != '(')
        return 0;
    if (at > floor && at[-1] == '!')
        at--;
    for (const uint8_t *begin = at; begin > floor && is(begin[-1], WORD);) {
        begin--;
        for (size_t one = 0; one < sizeof verbs / sizeof *verbs; one++) {
            size_t size = strlen(verbs[one]), same = 0;
            if ((size_t)(at - begin) < size || (size_t)(at - begin) > size + 20)
                continue;
            while (same < size && small_of[begin[same]] == (uint8_t)verbs[one][same])
                same++;
            if (same == size)
                return 1;
        }
    }
    return 0;
}

static void of_line(Weighed *on)
{
    Text left = on->left, right = on->right, tail = left;
    const uint8_t *rest = past(right.at, right.end, SPACE);
    int any = right.at < right.end, more = rest < right.end;
    uint8_t first = any ? *right.at : 0, following = more ? *rest : 0;
    if (size_of(tail) > 6)
        tail.at = tail.end - 6;
    say(on, is_one_of(first, "),"));
    say(on, is_one_of(first, "([."));
    say(on, !any);
    say(on, is_one_of(first, " \t"));
    say(on, is_one_of(following, "+%"));
    say(on, !on->quote && is(following, LETTER));
    say(on, is_comment(left));
    say(on, (double)size_of(left));
    say(on, (double)size_of(right));
    say(on, (counted(left, '"') + counted(left, '\'') + counted(left, '`')) % 2);
    say(on, counted(right, '"') + counted(right, '\''));
    say(on, holds(left, '('));
    say(on, holds(left, '|'));
    say(on, holds(tail, '(') && is_set(left));
    rest = past(on->after.at, on->after.end, SPACE);
    say(on, begins(rest, on->after.end, "</"));
}

/* what the line and the neighbourhood speak of: `_TEXT_WORDS` */

static uint32_t spoken_of(const Scales *scales, const uint8_t *at, const uint8_t *end)
{
    uint32_t bits = 0;
    while (at < end) {
        const uint8_t *begin = at, *first = at + is(*at, UPPER);
        at = past(first, end, LOWER | DIGIT);
        if (at == first) {
            at = past(begin, end, UPPER);
            if (at - begin < 2) {
                at = begin + 1;
                continue;
            }
        }
        const One *word = known(&scales->topics, begin, (size_t)(at - begin));
        bits |= word ? word->bits : 0;
    }
    return bits;
}

static void topics(Weighed *on, const Scales *scales)
{
    uint32_t line = spoken_of(scales, on->left.at, on->left.end) |
                    spoken_of(scales, on->right.at, on->right.end);
    uint32_t said[2] = {
        line | spoken_of(scales, on->name.at, on->name.end),
        line | spoken_of(scales, on->before.at, on->left.at) |
            spoken_of(scales, on->right.end, on->after.end),
    };
    for (int which = 0; which < 2; which++)
        for (int one = 0; one < scales->topic_count[which]; one++)
            say(on, (said[which] & scales->bits[which][one]) != 0);
}

/* the scales themselves */

static double sum(const Scales *self, const Stage *stage, const double *said)
{
    double total = 0;
    for (size_t one = stage->first; one < stage->end; one++) {
        const Node *nodes = self->nodes;
        uint32_t at = self->roots[one];
        while (nodes[at].signal >= 0)
            at = said[nodes[at].signal] <= nodes[at].value ? at + 1 : nodes[at].right;
        total += nodes[at].value;
    }
    return total;
}

static int take(Weighed *on, const char *packed, Py_ssize_t size)
{
    size_t count = (size_t)size / sizeof(double);
    if ((size_t)size % sizeof(double) || on->count + count > MOST_SIGNALS)
        return -1;
    memcpy(on->said + on->count, packed, (size_t)size);
    on->count += (int)count;
    return 0;
}

static void place(Weighed *on, Text content, Py_ssize_t name_start, Py_ssize_t start, Py_ssize_t end)
{
    Py_ssize_t size = content.end - content.at;
    const uint8_t *from = content.at + (name_start > NEAR ? name_start - NEAR : 0);
    Py_ssize_t behind = end + (Py_ssize_t)on->quote, last = end + NEAR < size ? end + NEAR : size;
    on->value = (Text){content.at + start, content.at + end};
    on->seen = on->value;
    if (end - start > LOOKED_AT)
        on->seen.end = on->value.at + LOOKED_AT;
    on->before = (Text){from, content.at + name_start};
    on->left = last_line(on->before);
    on->after = (Text){content.at + (behind < last ? behind : last), content.at + last};
    on->right = on->after;
    if (on->after.at < on->after.end) {
        const uint8_t *line = memchr(on->after.at, '\n', size_of(on->after));
        on->right.end = line ? line : on->after.end;
    }
}

/* Signals and sums, as many as it takes, of what is placed and has the first signals: 1 if a stage ended it,
   0 if none did, -1 if the trees are for other signals. */
static int weighed(const Scales *self, Weighed *on, double *total, int *asked)
{
    int stopped = 0;
    *total = 0;
    *asked = 0;
    beside(on);
    classes(on);
    for (int one = 0, group = 0; !stopped && one < self->stage_count; one++) {
        const Stage *stage = self->stages + one;
        for (; group < 3 && *asked < stage->signals; group++) {
            if (group == 1) {
                of_value(on, self);
                of_line(on);
            } else if (group == 2)
                topics(on, self);
            *asked = self->groups[group];
            if (on->count != *asked)
                return -1;
        }
        if (*asked < stage->signals)
            return -1;
        *total += sum(self, stage, on->said);
        stopped = *total < stage->least;
    }
    return stopped;
}

static PyObject *weigh(Scales *self, PyObject *args)
{
    Weighed on;
    const char *content, *name, *packed[3];
    Py_ssize_t size, named, sizes[3], name_start, start, end, quote;
    if (!PyArg_ParseTuple(args, "y#y#nnnny#y#y#", &content, &size, &name, &named, &name_start, &start,
                          &end, &quote, &packed[0], &sizes[0], &packed[1], &sizes[1], &packed[2],
                          &sizes[2]))
        return NULL;
    if (name_start < 0 || name_start > size || start < 0 || start >= end || end > size || quote < 0 ||
        quote > NEAR || named > LONGEST_NAME) {
        PyErr_SetString(PyExc_ValueError, "no value of this text");
        return NULL;
    }
    on.count = 0;
    on.quote = (size_t)quote;
    on.name = (Text){(const uint8_t *)name, (const uint8_t *)name + named};
    Text text = {(const uint8_t *)content, (const uint8_t *)content + size};
    place(&on, text, name_start, start, end);
    double total;
    int failed = 0, asked, stopped;
    for (int one = 0; one < 3; one++)
        failed |= take(&on, packed[one], sizes[one]);
    stopped = failed ? -1 : weighed(self, &on, &total, &asked);
    if (stopped < 0) {
        PyErr_SetString(PyExc_ValueError, "other signals than the trees are for");
        return NULL;
    }
    return Py_BuildValue("(y#dN)", (const char *)on.said,
                         (Py_ssize_t)(sizeof(double) * (size_t)asked), total,
                         PyBool_FromLong(stopped));
}

static int room_for(void **items, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return 0;
    size_t more = *room ? 2 * *room : 256;
    void *larger = realloc(*items, more * size);
    if (!larger) {
        PyErr_NoMemory();
        return -1;
    }
    *items = larger;
    *room = more;
    return 0;
}

static int take_tree(Scales *self, PyObject *tree, int signals, int depth)
{
    if (room_for((void **)&self->nodes, self->count, &self->room, sizeof *self->nodes))
        return -1;
    size_t here = self->count++;
    if (!PyList_Check(tree)) {
        self->nodes[here] = (Node){PyFloat_AsDouble(tree), -1, 0};
        return PyErr_Occurred() ? -1 : 0;
    }
    if (PyList_Size(tree) != 5 || depth == DEEPEST_TREE || here >= INT32_MAX) {
        PyErr_SetString(PyExc_ValueError, "no tree");
        return -1;
    }
    long signal = PyLong_AsLong(PyList_GetItem(tree, 0));
    double most = PyErr_Occurred() ? 0 : PyFloat_AsDouble(PyList_GetItem(tree, 1));
    if (PyErr_Occurred() || signal < 0 || signal >= signals) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_ValueError, "no tree of a signal");
        return -1;
    }
    if (take_tree(self, PyList_GetItem(tree, 3), signals, depth + 1))
        return -1;
    self->nodes[here] = (Node){most, (int32_t)signal, (uint32_t)self->count};
    return take_tree(self, PyList_GetItem(tree, 4), signals, depth + 1);
}

static int take_stages(Scales *self, PyObject *stages)
{
    for (Py_ssize_t at = 0; at < PyTuple_Size(stages); at++) {
        PyObject *trees, *said = PyTuple_GetItem(stages, at);
        Stage *stage = self->stages + self->stage_count;
        if (self->stage_count == MOST_STAGES || !PyTuple_Check(said)) {
            PyErr_SetString(PyExc_ValueError, "no stage");
            return -1;
        }
        if (!PyArg_ParseTuple(said, "idO!", &stage->signals, &stage->least, &PyTuple_Type, &trees))
            return -1;
        stage->first = self->trees;
        for (Py_ssize_t one = 0; one < PyTuple_Size(trees); one++) {
            if (room_for((void **)&self->roots, self->trees, &self->tree_room, sizeof *self->roots))
                return -1;
            self->roots[self->trees++] = (uint32_t)self->count;
            int signals = stage->signals < MOST_SIGNALS ? stage->signals : MOST_SIGNALS;
            if (take_tree(self, PyTuple_GetItem(trees, one), signals, 0))
                return -1;
        }
        stage->end = self->trees;
        self->stage_count++;
    }
    return 0;
}

static int take_numbers(Scales *self, PyObject *weights, PyObject *logs, PyObject *line, PyObject *near)
{
    PyObject *wanted[2] = {line, near};
    if (PyTuple_Size(weights) <= LOOKED_AT || PyTuple_Size(logs) <= LOOKED_AT) {
        PyErr_SetString(PyExc_ValueError, "too few numbers");
        return -1;
    }
    for (Py_ssize_t one = 0; one <= LOOKED_AT && !PyErr_Occurred(); one++) {
        self->weights[one] = PyLong_AsLongLong(PyTuple_GetItem(weights, one));
        self->logs[one] = PyErr_Occurred() ? 0 : PyFloat_AsDouble(PyTuple_GetItem(logs, one));
    }
    for (int which = 0; which < 2; which++)
        for (Py_ssize_t one = 0; one < PyTuple_Size(wanted[which]) && one < 32; one++) {
            if (PyErr_Occurred())
                return -1;
            unsigned long bit = PyLong_AsUnsignedLong(PyTuple_GetItem(wanted[which], one));
            self->bits[which][self->topic_count[which]++] = (uint32_t)bit;
        }
    return PyErr_Occurred() ? -1 : 0;
}

/* Of the groups of signals how many there are at the end of each; the stages; the sets of words; numbers. */
static PyObject *made(PyTypeObject *type, PyObject *args, PyObject *names)
{
    int groups[3];
    PyObject *stages, *words[6], *weights, *logs, *line, *near;
    if (!PyArg_ParseTuple(args, "(iii)O!O!O!O!O!O!O!O!O!O!O!", &groups[0], &groups[1], &groups[2],
                          &PyTuple_Type, &stages, &PyTuple_Type, &words[0], &PyTuple_Type, &words[1],
                          &PyTuple_Type, &words[2], &PyTuple_Type, &words[3], &PyTuple_Type, &words[4],
                          &PyTuple_Type, &words[5], &PyTuple_Type, &weights, &PyTuple_Type, &logs,
                          &PyTuple_Type, &line, &PyTuple_Type, &near))
        return NULL;
    Scales *self = (Scales *)((allocfunc)PyType_GetSlot(type, Py_tp_alloc))(type, 0);
    if (!self)
        return NULL;
    Words *sets[6] = {&self->topics,  &self->literals, &self->stand_ins,
                      &self->mine,    &self->secrets,  &self->sequences};
    self->tables = Py_NewRef(args);
    memcpy(self->groups, groups, sizeof groups);
    int failed = take_numbers(self, weights, logs, line, near) || take_stages(self, stages);
    for (int one = 0; one < 6 && !failed; one++)
        failed = take_words(sets[one], words[one], one >= 2);
    if (failed)
        Py_CLEAR(self);
    return (PyObject *)self;
}

static void dropped(Scales *self)
{
    PyTypeObject *type = Py_TYPE((PyObject *)self);
    Words *sets[6] = {&self->topics,  &self->literals, &self->stand_ins,
                      &self->mine,    &self->secrets,  &self->sequences};
    for (int one = 0; one < 6; one++)
        free(sets[one]->ones);
    free(self->nodes);
    free(self->roots);
    Py_XDECREF(self->tables);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

static PyMethodDef of_scales[] = {
    {"weigh", (PyCFunction)weigh, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot scales_slots[] = {
    {Py_tp_new, made}, {Py_tp_dealloc, dropped}, {Py_tp_methods, of_scales}, {0, NULL},
};

static PyType_Spec scales = {"keymuster.detect.values._accelerator.Scales", sizeof(Scales), 0,
                             Py_TPFLAGS_DEFAULT, scales_slots};

/* what a name says: `_of_name` */

enum { KIND = 255, ABOUT = 256, STRONG = 512, WEAK = 1024, OTHER = 2048 };
#define MOST_STEMS 32

typedef struct {
    PyObject_HEAD
    PyObject *tables;
    Words words;
    Text stems[MOST_STEMS];
    uint32_t stem_kinds[MOST_STEMS];
    int stem_count, kind_count;
} Names;

static uint32_t glued(const Names *self, const uint8_t *text, size_t size)
{
    for (int one = 0; one < self->stem_count; one++)
        if (lies_in(self->stems[one].at, size_of(self->stems[one]), text, size))
            return self->stem_kinds[one];
    return 0;
}

#define MOST_OF_NAME 64

typedef struct {
    double said[MOST_OF_NAME];
    int count, speaks; /* of a secret, and of none of the things that merely sound like one */
} Named;

static void told_of_name(const Names *self, Text name, Named *to)
{
    uint8_t small[LONGEST_NAME];
    uint32_t bits[LONGEST_NAME], kind = 0, all = 0, before = 0, after = 0;
    int count = 0, named = -1, upper = 0, lower = 0, at = 0;
    size_t glue = 0, size = size_of(name);
    const uint8_t *from = name.at, *end;
    for (; (end = word(&from, name.end)) > from; from = end, count++) {
        const uint8_t *begin = small + glue;
        for (const uint8_t *byte = from; byte < end; byte++)
            small[glue++] = small_of[*byte];
        const One *one = known(&self->words, begin, (size_t)(end - from));
        bits[count] = one ? one->bits : 0;
        all |= bits[count];
        if (bits[count] & KIND)
            named = count;
    }
    kind = named < 0 ? glued(self, small, glue) : bits[named] & KIND;
    for (int one = 0; named >= 0 && one < count; one++)
        if (one < named)
            before |= bits[one];
        else if (one > named)
            after |= bits[one];
    for (const uint8_t *byte = name.at; byte < name.end; byte++) {
        upper |= is(*byte, UPPER);
        lower |= is(*byte, LOWER);
    }
    Text inside = name;
    while (inside.at < inside.end && *inside.at == '.')
        inside.at++;
    while (inside.at < inside.end && inside.end[-1] == '.')
        inside.end--;
    double *told = to->said;
    for (int one = 1; one <= self->kind_count; one++)
        told[at++] = kind == (uint32_t)one;
    told[at++] = !kind;
    told[at++] = count;
    told[at++] = named < 0 ? 0 : count - named - 1;
    told[at++] = (after & ABOUT) != 0;
    told[at++] = (before & STRONG) != 0;
    told[at++] = (before & WEAK) != 0;
    told[at++] = (all & OTHER) != 0;
    told[at++] = upper && !lower;
    told[at++] = lower && !upper;
    told[at++] = holds(inside, '.');
    told[at++] = size && (*name.at == '$' || *name.at == '@');
    told[at++] = size && *name.at == '-';
    told[at++] = (double)size;
    to->count = at;
    to->speaks = kind && !(all & OTHER);
}

static PyObject *of_name(Names *self, PyObject *args)
{
    const char *said;
    Py_ssize_t size;
    Named told;
    if (!PyArg_ParseTuple(args, "y#", &said, &size))
        return NULL;
    if (size > LONGEST_NAME) {
        PyErr_SetString(PyExc_ValueError, "too long a name");
        return NULL;
    }
    told_of_name(self, (Text){(const uint8_t *)said, (const uint8_t *)said + size}, &told);
    return PyBytes_FromStringAndSize((const char *)told.said, (Py_ssize_t)sizeof(double) * told.count);
}

/* How many kinds there are; words, each with its kind, counted from 1, and what else it says; and pieces of
   words with their kinds. */
static PyObject *made_names(PyTypeObject *type, PyObject *args, PyObject *names)
{
    PyObject *words, *stems;
    int count;
    if (!PyArg_ParseTuple(args, "iO!O!", &count, &PyTuple_Type, &words, &PyTuple_Type, &stems))
        return NULL;
    if (count < 0 || count > MOST_STEMS || PyTuple_Size(stems) > MOST_STEMS) {
        PyErr_SetString(PyExc_ValueError, "too many kinds");
        return NULL;
    }
    Names *self = (Names *)((allocfunc)PyType_GetSlot(type, Py_tp_alloc))(type, 0);
    if (!self)
        return NULL;
    self->tables = Py_NewRef(args);
    self->kind_count = count;
    int failed = take_words(&self->words, words, 0);
    for (Py_ssize_t one = 0; !failed && one < PyTuple_Size(stems); one++) {
        const char *text;
        Py_ssize_t size;
        PyObject *pair = PyTuple_GetItem(stems, one);
        failed = !PyTuple_Check(pair) ||
                 !PyArg_ParseTuple(pair, "y#I", &text, &size, &self->stem_kinds[one]);
        if (!failed)
            self->stems[self->stem_count++] =
                (Text){(const uint8_t *)text, (const uint8_t *)text + size};
    }
    if (failed) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_ValueError, "no piece of a word");
        Py_CLEAR(self);
    }
    return (PyObject *)self;
}

static void dropped_names(Names *self)
{
    PyTypeObject *type = Py_TYPE((PyObject *)self);
    free(self->words.ones);
    Py_XDECREF(self->tables);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

static PyMethodDef of_names[] = {
    {"of", (PyCFunction)of_name, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot names_slots[] = {
    {Py_tp_new, made_names}, {Py_tp_dealloc, dropped_names}, {Py_tp_methods, of_names}, {0, NULL},
};

static PyType_Spec names_spec = {"keymuster.detect.values._accelerator.Names", sizeof(Names), 0,
                                 Py_TPFLAGS_DEFAULT, names_slots};

/* what needs no weighing: obvious.py */

#define LOOKED_THROUGH 600
#define MOST_SPACES 5

typedef struct {
    PyObject_HEAD
    PyObject *tables;
    Words literals, of_urls, examples;
} Obvious;

static const uint8_t *past_one_of(const uint8_t *at, const uint8_t *end, const char *those)
{
    return at < end && is_one_of(*at, those) ? at + 1 : at;
}

static int is_change(const uint8_t *at, const uint8_t *end)
{
    at = past_one_of(at + 6, end, "-_ ");
    return begins(at, end, "me") || begins(at, end, "this") || begins(at, end, "it");
}

static int is_replacement(const uint8_t *at, const uint8_t *end)
{
    at = past_one_of(at + 7, end, "-_ ");
    return begins(at, end, "me") || begins(at, end, "this") || begins(at, end, "with");
}

/* `{name}` and `{name:how}` behind the bracket */
static int is_field(const uint8_t *at, const uint8_t *end)
{
    if (at == end || !is(*at, LOWER))
        return 0;
    const uint8_t *begin = ++at;
    while (at < end && (is(*at, WORD) || *at == '.'))
        at++;
    if (at - begin > 30)
        return 0;
    if (at < end && *at == ':') {
        begin = ++at;
        while (at < end && (is(*at, WORD) || *at == '-'))
            at++;
        if (at == begin || at - begin > 20)
            return 0;
    }
    return at < end && *at == '}';
}

/* `_SAYS_SO` and `_YOURS`, in small letters */
static int says_so(const uint8_t *small, const uint8_t *end)
{
    for (const uint8_t *at = small; at < end; at++) {
        int does = 0;
        switch (*at) {
        case 'c': does = begins(at, end, "change") && is_change(at, end); break;
        case 'p': does = begins(at, end, "placeholder"); break;
        case 'r':
            does = begins(at, end, "redacted") || (begins(at, end, "replace") && is_replacement(at, end));
            break;
        case 'x': does = begins(at, end, "xxxxx"); break;
        case '*': does = begins(at, end, "***"); break;
        case '.': does = begins(at, end, "..."); break;
        case '{': does = is_field(at + 1, end); break;
        case 'y':
            does = (at == small || !is(at[-1], WORD)) && begins(at, end, "your") &&
                   past_one_of(at + 4, end, "-_ ") > at + 4;
            break;
        }
        if (does)
            return 1;
    }
    return 0;
}

/* `_STANDS_IN` */
static int is_reference(Text value)
{
    static const char *const marks[] = {"<>", "[]", "{}", "%%"};
    const uint8_t *at = value.at, *end = value.end;
    size_t size = size_of(value);
    if (begins(at, end, "${") || begins(at, end, "{{") || (size == 2 && begins(at, end, "%s")))
        return 1;
    for (size_t one = 0; size >= 2 && size <= 62 && one < 4; one++) {
        if (*at != (uint8_t)marks[one][0] || end[-1] != (uint8_t)marks[one][1])
            continue;
        const uint8_t *inside = at + 1;
        while (inside < end - 1 &&
               (is(*inside, WORD) || is_one_of(*inside, one < 3 ? " .:{}$-" : " .:-")))
            inside++;
        return inside == end - 1;
    }
    if (*at != '$' || size < 2 || size > 62)
        return 0;
    if (size <= 61 && past(at + 1, end, LETTER | UNDERSCORE) == end)
        return 1;
    return is(at[1], UPPER) && past(at + 1, end, UPPER | DIGIT | UNDERSCORE) == end;
}

/* `_EXPRESSION` */
static int is_pattern(Text value)
{
    const uint8_t *end = value.end;
    for (const uint8_t *at = value.at; end - at > 2; at++) {
        const uint8_t *set = at + 1 + (at[1] == '^');
        if (*at == '[' && (begins(set, end, "a-z") || begins(set, end, "A-Z") || begins(set, end, "0-9")))
            return 1;
        if (*at == '\\' && (at[1] == 'd' || at[1] == 'w') && is_one_of(at[2], "+*{\\"))
            return 1;
        if (*at == '(' && at[1] == '?' && is_one_of(at[2], ":=!<"))
            return 1;
    }
    return 0;
}

static int counts_on(Text value)
{
    int part = size_of(value) > 64 ? 64 : (int)size_of(value), steps = 0;
    for (int at = 1; at < part; at++) {
        int step = value.at[at] - value.at[at - 1];
        steps += step == 1 || step == '0' - '9';
    }
    return steps * 4 > part * 3;
}

/* Whether so many characters of base64 follow. */
static int are_base64(const uint8_t *at, const uint8_t *end, int count)
{
    for (; count; count--, at++)
        if (at >= end || !(is(*at, ALNUM) || *at == '+' || *at == '/'))
            return 0;
    return 1;
}

/* `_ENCRYPTED` */
static int is_encrypted(Text value)
{
    static const char *const ciphers[] = {"ENC[AES256_GCM", "ENC[PKCS7", "ENC[GPG"};
    const uint8_t *at = value.at, *end = value.end;
    if (!is_one_of(*at, "E$vA{"))
        return 0;
    for (size_t one = 0; one < sizeof ciphers / sizeof *ciphers; one++) {
        size_t size = strlen(ciphers[one]);
        if (begins(at, end, ciphers[one]) && (size == size_of(value) || !is(at[size], WORD)))
            return 1;
    }
    if (begins(at, end, "$ANSIBLE_VAULT;") || begins(at, end, "ENC(") || begins(at, end, "{cipher}"))
        return 1;
    if (begins(at, end, "vault:v")) {
        const uint8_t *behind = past(at + 7, end, DIGIT);
        return behind - at > 7 && behind - at <= 11 && behind < end && *behind == ':';
    }
    if (begins(at, end, "AQICAH"))
        return are_base64(at + 6, end, 60);
    if (begins(at, end, "Ag"))
        return end - at > 2 && at[2] >= 'A' && at[2] <= 'D' && are_base64(at + 3, end, 400);
    return begins(at, end, "v1:") &&
           ((are_base64(at + 3, end, 11) && begins(at + 14, end, "=:v1:")) ||
            (are_base64(at + 3, end, 16) && begins(at + 19, end, ":") &&
             are_base64(at + 20, end, 20)));
}

/* `_is_none_itself` */
static int is_none_itself(const Obvious *self, Text value, const uint8_t *small)
{
    size_t size = size_of(value);
    if (says_so(small, small + size) || known(&self->examples, small, size) || is_reference(value) ||
        is_pattern(value) || (size >= 16 && counts_on(value)) || is_encrypted(value))
        return 1;
    for (const uint8_t *at = value.at; at < value.end; at++)
        if (*at == 'E' && begins(at, value.end, "EXAMPLE"))
            return 1;
    return 0;
}

/* `_holds_code` */
static int is_code(Text value)
{
    uint8_t without[LOOKED_THROUGH];
    size_t size = 0;
    for (const uint8_t *at = value.at; at < value.end; at++)
        if (at > value.at && value.end - at > 2 && at[0] == '+' && at[1] == '+')
            at++;
        else
            without[size++] = *at;
    return has_code((Text){without, without + size});
}

/* `_is_expression` */
static int is_expression(Text value, Text line, Text after)
{
    int is_dot = is_dotted(value);
    for (const uint8_t *at = value.at; !is_dot && at < value.end; at++)
        if (is(*at, DIGIT))
            return 0;
    if (line.at < line.end && (line.end[-1] == '{' || line.end[-1] == '('))
        return 0;
    if ((counted(line, '"') + counted(line, '\'') + counted(line, '`')) % 2)
        return 0;
    if (is_dot || is_identifier(value))
        return 1;
    const uint8_t *next = past(after.at, after.end, BLANK);
    return next < after.end && is(*next, LETTER);
}

/* `_is_part_of_an_id` */
static int is_part_of_an_id(Text text, const uint8_t *named, Text name, Text value)
{
    if (value.at == text.at || value.at[-1] != ':')
        return 0;
    if (named > text.at && named[-1] == ':')
        return 1;
    if (size_of(value) != 32 || size_of(name) != 6 || memcmp(name.at, "secret", 6))
        return 0;
    for (const uint8_t *at = value.at; at < value.end; at++)
        if (!is(*at, DIGIT) && (*at < 'a' || *at > 'f'))
            return 0;
    return 1;
}

enum { IN_URL = 1, IS_PLAIN = 2, IS_BARE = 4, IN_CODE = 8, BY_COLON = 16 };

static int needs_no_weighing(const Obvious *self, Text text, Text name, const uint8_t *named, Text whole,
                             int how)
{
    Text value = whole;
    if (size_of(value) > LOOKED_THROUGH)
        value.end = value.at + LOOKED_THROUGH;
    size_t part = size_of(value);
    if (part < 3 || counted(value, ' ') > MOST_SPACES)
        return 1;
    uint8_t small[LOOKED_THROUGH];
    for (size_t at = 0; at < part; at++)
        small[at] = small_of[value.at[at]];
    if (is_none_itself(self, value, small))
        return 1;
    if (how & IN_URL &&
        ((part == size_of(name) && !memcmp(value.at, name.at, part)) || known(&self->of_urls, small, part)))
        return 1;
    if (how & IS_PLAIN && known(&self->literals, small, part))
        return 1;
    if (how & BY_COLON && is_part_of_an_id(text, named, name, value))
        return 1;
    if (!(how & IS_BARE))
        return 0;
    Text line = {named - text.at > NEAR ? named - NEAR : text.at, named};
    Text after = {whole.end, within(text, whole.end, 8)};
    return is_code(value) || (how & IN_CODE && is_expression(value, last_line(line), after));
}

static PyObject *is_none(Obvious *self, PyObject *args)
{
    const char *content, *named;
    Py_ssize_t size, name_size, name_start, start, end;
    int how;
    if (!PyArg_ParseTuple(args, "y#y#nnni", &content, &size, &named, &name_size, &name_start, &start,
                          &end, &how))
        return NULL;
    if (name_start < 0 || name_start > size || start < 0 || start > end || end > size) {
        PyErr_SetString(PyExc_ValueError, "no value of this text");
        return NULL;
    }
    Text text = {(const uint8_t *)content, (const uint8_t *)content + size};
    Text name = {(const uint8_t *)named, (const uint8_t *)named + name_size};
    Text value = {text.at + start, text.at + end};
    return PyBool_FromLong(needs_no_weighing(self, text, name, text.at + name_start, value, how));
}

static PyObject *made_obvious(PyTypeObject *type, PyObject *args, PyObject *names)
{
    PyObject *words[3];
    if (!PyArg_ParseTuple(args, "O!O!O!", &PyTuple_Type, &words[0], &PyTuple_Type, &words[1],
                          &PyTuple_Type, &words[2]))
        return NULL;
    Obvious *self = (Obvious *)((allocfunc)PyType_GetSlot(type, Py_tp_alloc))(type, 0);
    if (!self)
        return NULL;
    self->tables = Py_NewRef(args);
    if (take_words(&self->literals, words[0], 0) || take_words(&self->of_urls, words[1], 0) ||
        take_words(&self->examples, words[2], 0))
        Py_CLEAR(self);
    return (PyObject *)self;
}

static void dropped_obvious(Obvious *self)
{
    PyTypeObject *type = Py_TYPE((PyObject *)self);
    free(self->literals.ones);
    free(self->of_urls.ones);
    free(self->examples.ones);
    Py_XDECREF(self->tables);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

static PyMethodDef of_obvious[] = {
    {"is_none", (PyCFunction)is_none, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot obvious_slots[] = {
    {Py_tp_new, made_obvious}, {Py_tp_dealloc, dropped_obvious}, {Py_tp_methods, of_obvious}, {0, NULL},
};

static PyType_Spec obvious = {"keymuster.detect.values._accelerator.Obvious", sizeof(Obvious), 0,
                              Py_TPFLAGS_DEFAULT, obvious_slots};

/* what a hit leads to: syntax.py, obvious.py and weighing.py at once, as in recognizers/values.py */

#define BEFORE 128
#define MOST_FORMS 64
#define MOST_JOINS 16

typedef struct {
    PyObject_HEAD
    PyObject *tables; /* whose bytes the words are, and the other three */
    const Names *names;
    const Obvious *obvious;
    const Scales *scales;
    Form forms[MOST_FORMS];
    Around around;
    Expression wraps, reads, no_secrets, of_requests;
    Text joins[MOST_JOINS];
    int form_count, join_count, kinds; /* of forms that are weighed apart */
} Judge;

/* `_may_name`, but for what the name speaks of */
static int is_known_to_be_none(const Judge *self, Text name)
{
    uint8_t small[LONGEST_NAME];
    size_t size = 0;
    for (const uint8_t *at = name.at; at < name.end; at++)
        if (!is_one_of(*at, "_-. "))
            small[size++] = small_of[*at];
    Matching in = {.begin = small, .end = small + size}, whole = {.begin = name.at, .end = name.end};
    return is_found(&self->no_secrets, &in, small) != 0 ||
           is_found(&self->of_requests, &whole, name.at) != 0;
}

/* `_of_join` */
static void of_join(Weighed *on, const Judge *self, const Form *form, const Found *found, int which)
{
    const Span *span = found->spans + which;
    Text wrapper = found->wrapper;
    Matching in = {.begin = wrapper.at, .end = wrapper.end};
    int is_call = holds(wrapper, '(');
    for (int one = 0; one < self->kinds; one++)
        say(on, form->like == one);
    for (int one = 0; one < self->join_count; one++)
        say(on, size_of(found->join) == size_of(self->joins[one]) &&
                    !memcmp(found->join.at, self->joins[one].at, size_of(found->join)));
    size_t quote = size_of(span->quote);
    say(on, found->crosses);
    say(on, !quote);
    say(on, quote == 1 && *span->quote.at == '"');
    say(on, quote == 1 && *span->quote.at == '\'');
    say(on, quote > 1);
    say(on, which);
    say(on, wrapper.at < wrapper.end);
    say(on, is_call && is_found(&self->wraps, &in, wrapper.at) > 0);
    say(on, is_call && is_found(&self->reads, &in, wrapper.at) > 0);
    say(on, span->has_scheme);
}

typedef struct {
    Py_ssize_t begin, stop; /* what had a say */
    int seen, weighed;
    double totals[MOST_VALUES]; /* of those that no stage ended */
    int likely[MOST_VALUES], count;
} Judged;

/* `seen`: -1 if the usual way is to be gone, else 0. */
static int judge(const Judge *self, Text text, const uint8_t *start, const Form *form, Text of_path,
                 int of_bare_values, Found *found, Judged *to)
{
    Named named;
    Weighed on;
    int none = 0;
    if (find(form, &self->around, text, start, found))
        return -1;
    Py_ssize_t floor = start - text.at - BEFORE - NEAR;
    Text left = last_line((Text){floor > 0 ? text.at + floor : text.at, start});
    to->stop = found->stop;
    to->begin = left.at - text.at - 1;
    if (to->begin < floor || (floor >= 0 && left.at == text.at + floor))
        to->begin = floor;
    to->seen = found->count;
    to->weighed = to->count = 0;
    if (!found->count)
        return 0;
    if (size_of(found->name) > LONGEST_NAME)
        return -1;
    told_of_name(self->names, form->how & IS_URL ? (Text){text.at, text.at} : found->name, &named);
    if (form->how & IS_PLAIN_FORM)
        none = !named.speaks || is_known_to_be_none(self, found->name);
    for (int one = 0; one < found->count && !none; one++) {
        const Span *span = found->spans + one;
        int how = form->how & IS_URL ? IN_URL : 0, asked, stopped;
        if (form->how & IS_PLAIN_FORM) {
            how = IS_PLAIN | (size_of(found->join) == 1 && *found->join.at == ':' ? BY_COLON : 0);
            how |= size_of(span->quote) || span->has_scheme ? 0 : of_bare_values;
        }
        if (needs_no_weighing(self->obvious, text, found->name, found->named, span->value, how))
            continue;
        on.count = 0;
        on.quote = size_of(span->quote);
        on.name = found->name;
        place(&on, text, found->named - text.at, span->value.at - text.at, span->value.end - text.at);
        if (take(&on, (const char *)named.said, (Py_ssize_t)sizeof(double) * named.count) ||
            take(&on, (const char *)of_path.at, (Py_ssize_t)size_of(of_path)))
            return -1;
        of_join(&on, self, form, found, one);
        stopped = weighed(self->scales, &on, &to->totals[to->count], &asked);
        if (stopped < 0)
            return -1;
        to->weighed++;
        if (asked > self->scales->groups[1]) {
            Py_ssize_t near = span->value.end - text.at + NEAR;
            to->begin = floor;
            to->stop = to->stop > near ? to->stop : near;
        } else if (asked > self->scales->groups[0]) {
            const uint8_t *rest = past(on.after.at, on.after.end, SPACE);
            Py_ssize_t behind = span->value.end - text.at + (Py_ssize_t)on.quote + (rest - on.after.at) + 2;
            to->stop = to->stop > behind ? to->stop : behind;
        }
        if (!stopped)
            to->likely[to->count++] = one;
    }
    return 0;
}

static PyObject *likely(Judge *self, PyObject *args)
{
    const char *content, *of_path;
    Py_ssize_t size, path_size, start;
    int form, of_bare_values;
    Found found;
    Judged said;
    if (!PyArg_ParseTuple(args, "y#niy#i", &content, &size, &start, &form, &of_path, &path_size,
                          &of_bare_values))
        return NULL;
    if (start < 0 || start > size || form < 0 || form >= self->form_count) {
        PyErr_SetString(PyExc_ValueError, "no hit in this text");
        return NULL;
    }
    Text text = {(const uint8_t *)content, (const uint8_t *)content + size};
    Text path = {(const uint8_t *)of_path, (const uint8_t *)of_path + path_size};
    if (judge(self, text, text.at + start, self->forms + form, path, of_bare_values, &found, &said))
        Py_RETURN_NONE;
    PyObject *values = PyTuple_New(said.count);
    for (int one = 0; values && one < said.count; one++) {
        Text value = found.spans[said.likely[one]].value;
        PyObject *told = Py_BuildValue("(nnd)", (Py_ssize_t)(value.at - text.at),
                                       (Py_ssize_t)(value.end - text.at), said.totals[one]);
        if (!told || PyTuple_SetItem(values, one, told))
            Py_CLEAR(values);
    }
    return values ? Py_BuildValue("(Nnnii)", values, said.begin, said.stop, said.seen, said.weighed) : NULL;
}

static int take_expression(Expression *to, PyObject *source, int folds)
{
    char *text;
    Py_ssize_t size;
    if (!PyBytes_Check(source) || PyBytes_AsStringAndSize(source, &text, &size) ||
        make_expression(to, text, (size_t)size, folds)) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_ValueError, "no expression that can be asked here");
        return -1;
    }
    return 0;
}

static int take_form(Judge *self, PyObject *said)
{
    PyObject *confirm, *value;
    const char *says;
    Py_ssize_t size;
    if (self->form_count == MOST_FORMS || !PyTuple_Check(said)) {
        PyErr_SetString(PyExc_ValueError, "no form");
        return -1;
    }
    Form *form = self->forms + self->form_count++;
    if (!PyArg_ParseTuple(said, "SSy#iii", &confirm, &value, &says, &size, &form->how, &form->like,
                          &form->reach) ||
        take_expression(&form->confirm, confirm, 1) || take_expression(&form->value, value, 0))
        return -1;
    if (form->confirm.slots != 8 || form->reach < 0) {
        PyErr_SetString(PyExc_ValueError, "a form has a name, a join and a gap");
        return -1;
    }
    form->says = (Text){(const uint8_t *)says, (const uint8_t *)says + size};
    return 0;
}

/* Names, Obvious and Scales; the forms; expressions; joins; and how many forms are weighed apart. */
static PyObject *made_judge(PyTypeObject *type, PyObject *args, PyObject *names)
{
    PyObject *others[3], *forms, *expressions, *joins;
    static const destructor theirs[] = {(destructor)dropped_names, (destructor)dropped_obvious,
                                        (destructor)dropped};
    int kinds;
    if (!PyArg_ParseTuple(args, "OOOO!O!O!i", &others[0], &others[1], &others[2], &PyTuple_Type, &forms,
                          &PyTuple_Type, &expressions, &PyTuple_Type, &joins, &kinds))
        return NULL;
    for (int one = 0; one < 3; one++)
        if (PyType_GetSlot(Py_TYPE(others[one]), Py_tp_dealloc) != (void *)theirs[one]) {
            PyErr_SetString(PyExc_TypeError, "not what was made here");
            return NULL;
        }
    if (PyTuple_Size(expressions) != 8 || PyTuple_Size(joins) > MOST_JOINS || kinds < 0 ||
        kinds > MOST_FORMS) {
        PyErr_SetString(PyExc_ValueError, "too few or too many");
        return NULL;
    }
    Judge *self = (Judge *)((allocfunc)PyType_GetSlot(type, Py_tp_alloc))(type, 0);
    if (!self)
        return NULL;
    Expression *asked[8] = {&self->around.wrapper, &self->around.list, &self->around.next,
                            &self->around.scheme,  &self->wraps,       &self->reads,
                            &self->no_secrets,     &self->of_requests};
    self->tables = Py_NewRef(args);
    self->names = (const Names *)others[0];
    self->obvious = (const Obvious *)others[1];
    self->scales = (const Scales *)others[2];
    self->kinds = kinds;
    int failed = 0;
    for (Py_ssize_t one = 0; one < PyTuple_Size(forms) && !failed; one++)
        failed = take_form(self, PyTuple_GetItem(forms, one));
    for (int one = 0; one < 8 && !failed; one++)
        failed = take_expression(asked[one], PyTuple_GetItem(expressions, one), 0);
    for (Py_ssize_t one = 0; one < PyTuple_Size(joins) && !failed; one++) {
        char *text;
        Py_ssize_t size;
        failed = PyBytes_AsStringAndSize(PyTuple_GetItem(joins, one), &text, &size);
        if (!failed)
            self->joins[self->join_count++] = (Text){(const uint8_t *)text, (const uint8_t *)text + size};
    }
    if (failed)
        Py_CLEAR(self);
    return (PyObject *)self;
}

static void dropped_judge(Judge *self)
{
    PyTypeObject *type = Py_TYPE((PyObject *)self);
    Expression *asked[8] = {&self->around.wrapper, &self->around.list, &self->around.next,
                            &self->around.scheme,  &self->wraps,       &self->reads,
                            &self->no_secrets,     &self->of_requests};
    for (int one = 0; one < self->form_count; one++) {
        free_expression(&self->forms[one].confirm);
        free_expression(&self->forms[one].value);
    }
    for (int one = 0; one < 8; one++)
        free_expression(asked[one]);
    Py_XDECREF(self->tables);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

static PyMethodDef of_judge[] = {
    {"likely", (PyCFunction)likely, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot judge_slots[] = {
    {Py_tp_new, made_judge}, {Py_tp_dealloc, dropped_judge}, {Py_tp_methods, of_judge}, {0, NULL},
};

static PyType_Spec judge_spec = {"keymuster.detect.values._accelerator.Judge", sizeof(Judge), 0,
                                 Py_TPFLAGS_DEFAULT, judge_slots};

/* one expression by itself */

typedef struct {
    PyObject_HEAD
    Expression expression;
} Matcher;

static PyObject *spans(Matcher *self, PyObject *args)
{
    const char *content;
    Py_ssize_t size, start, end;
    if (!PyArg_ParseTuple(args, "y#nn", &content, &size, &start, &end))
        return NULL;
    if (start < 0 || start > end || end > size) {
        PyErr_SetString(PyExc_ValueError, "no place in this text");
        return NULL;
    }
    const uint8_t *text = (const uint8_t *)content;
    Matching in = {.begin = text, .end = text + end};
    int found = matches(&self->expression, &in, text + start);
    if (found < 0)
        PyErr_SetString(PyExc_OverflowError, "too many steps");
    if (found <= 0)
        return found ? NULL : Py_NewRef(Py_None);
    PyObject *made = PyTuple_New(self->expression.slots);
    for (int one = 0; made && one < self->expression.slots; one++) {
        Py_ssize_t at = in.slots[one] ? in.slots[one] - text : -1;
        if (PyTuple_SetItem(made, one, PyLong_FromSsize_t(at)))
            Py_CLEAR(made);
    }
    return made;
}

static PyObject *made_matcher(PyTypeObject *type, PyObject *args, PyObject *names)
{
    PyObject *source;
    int folds;
    if (!PyArg_ParseTuple(args, "Sp", &source, &folds))
        return NULL;
    Matcher *self = (Matcher *)((allocfunc)PyType_GetSlot(type, Py_tp_alloc))(type, 0);
    if (self && take_expression(&self->expression, source, folds))
        Py_CLEAR(self);
    return (PyObject *)self;
}

static void dropped_matcher(Matcher *self)
{
    PyTypeObject *type = Py_TYPE((PyObject *)self);
    free_expression(&self->expression);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

static PyMethodDef of_matcher[] = {
    {"spans", (PyCFunction)spans, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot matcher_slots[] = {
    {Py_tp_new, made_matcher}, {Py_tp_dealloc, dropped_matcher}, {Py_tp_methods, of_matcher}, {0, NULL},
};

static PyType_Spec matcher_spec = {"keymuster.detect.values._accelerator.Matcher", sizeof(Matcher), 0,
                                   Py_TPFLAGS_DEFAULT, matcher_slots};

static int add_type(PyObject *module, const char *name, PyType_Spec *spec)
{
    PyObject *type = PyType_FromModuleAndSpec(module, spec, NULL);
    int failed = !type || PyModule_AddObjectRef(module, name, type);
    Py_XDECREF(type);
    return failed;
}

static int filled(PyObject *module)
{
    make_kinds();
    int failed = add_type(module, "Scales", &scales) || add_type(module, "Names", &names_spec) ||
                 add_type(module, "Obvious", &obvious) || add_type(module, "Judge", &judge_spec) ||
                 add_type(module, "Matcher", &matcher_spec);
    return failed ? -1 : 0;
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, filled}, {0, NULL}};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_accelerator", NULL, 0, NULL, slots, NULL,
                                    NULL, NULL};

PyMODINIT_FUNC PyInit__accelerator(void) { return PyModuleDef_Init(&module); }
