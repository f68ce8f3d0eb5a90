/* A small matcher of regular expressions over bytes: of those in which nothing is repeated but single
   characters, and groups at most once. It gives what `re` gives, or says that it does not know.

   Texts may be hostile, expressions are ours: what is wrong with one is said when it is made. */

#ifndef KEYMUSTER_EXPRESSIONS_H
#define KEYMUSTER_EXPRESSIONS_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "_text.h"

#define MOST_SLOTS 10 /* begins and ends of the whole and of its named groups */
#define MOST_STEPS 100000
#define ANY_NUMBER INT32_MAX

enum { CHARACTER, FOLDED, SET, SPLIT, JUMP, SAVE, AHEAD, NOT_AHEAD, BOUNDARY, AT_BEGIN, AT_END, DONE };
enum { GREEDY, LAZY };

typedef struct {
    uint8_t what, how, byte;
    int16_t set, first;  /* what a character is one of, and what the next one must be; -1 for any */
    int32_t least, most; /* of a set */
    int32_t to;          /* the other way of a split, the end of a jump, what follows a look ahead, a slot */
} Step;

typedef struct {
    uint8_t bits[32];
} Set;

typedef struct {
    Step *steps;
    Set *sets;
    int count, room, set_count, set_room;
    int slots; /* that are in use */
    int folds;
} Expression;

typedef struct {
    const uint8_t *begin, *end; /* of the text, with what stands before the place that is asked for */
    const uint8_t *slots[MOST_SLOTS];
    int left; /* steps until it has taken too long */
} Matching;

static int is_member(const Set *set, uint8_t byte) { return set->bits[byte >> 3] >> (byte & 7) & 1; }

static void add_member(Set *set, uint8_t byte) { set->bits[byte >> 3] |= (uint8_t)(1 << (byte & 7)); }

/* making one */

typedef struct {
    Expression *to;
    const char *at, *end;
    int failed;
} Source;

static int peek(const Source *from) { return from->at < from->end ? (uint8_t)*from->at : -1; }

static int next_byte(Source *from) { return from->at < from->end ? (uint8_t)*from->at++ : -1; }

static int taken(Source *from, const char *text)
{
    size_t size = strlen(text);
    if ((size_t)(from->end - from->at) < size || memcmp(from->at, text, size))
        return 0;
    from->at += size;
    return 1;
}

static Step *insert_step(Source *from, int at, uint8_t what)
{
    Expression *to = from->to;
    if (to->count == to->room) {
        int room = to->room ? 2 * to->room : 64;
        Step *larger = room < INT16_MAX ? realloc(to->steps, (size_t)room * sizeof *larger) : NULL;
        if (!larger) {
            from->failed = 1;
            return NULL;
        }
        to->steps = larger;
        to->room = room;
    }
    memmove(to->steps + at + 1, to->steps + at, (size_t)(to->count - at) * sizeof *to->steps);
    to->count++;
    for (int one = at + 1; one < to->count; one++)
        if (to->steps[one].what != SAVE && to->steps[one].to >= at)
            to->steps[one].to++;
    to->steps[at] = (Step){.what = what, .set = -1, .first = -1};
    return to->steps + at;
}

static Step *add_step(Source *from, uint8_t what) { return insert_step(from, from->to->count, what); }

static int set_of(Source *from, const Set *wanted)
{
    Expression *to = from->to;
    for (int one = 0; one < to->set_count; one++)
        if (!memcmp(to->sets + one, wanted, sizeof *wanted))
            return one;
    if (to->set_count == to->set_room) {
        int room = to->set_room ? 2 * to->set_room : 16;
        Set *larger = room < INT16_MAX ? realloc(to->sets, (size_t)room * sizeof *larger) : NULL;
        if (!larger) {
            from->failed = 1;
            return -1;
        }
        to->sets = larger;
        to->set_room = room;
    }
    to->sets[to->set_count] = *wanted;
    return to->set_count++;
}

static void add_members(Set *set, int kind, int wanted)
{
    for (int byte = 0; byte < 256; byte++)
        if (is((uint8_t)byte, kind) == wanted)
            add_member(set, (uint8_t)byte);
}

/* The byte behind a backslash; or -1, if it stands for a set, whose bytes are added. */
static int escaped(Source *from, Set *set)
{
    int byte = next_byte(from);
    switch (byte) {
    case 't': return '\t';
    case 'n': return '\n';
    case 'r': return '\r';
    case 'w': add_members(set, WORD, 1); return -1;
    case 's': add_members(set, SPACE, 1); return -1;
    case 'S': add_members(set, SPACE, 0); return -1;
    case 'd': add_members(set, DIGIT, 1); return -1;
    }
    if (byte < 0 || is((uint8_t)byte, WORD))
        from->failed = 1;
    return byte;
}

static void take_set(Source *from, Set *set)
{
    int is_not = taken(from, "^");
    while (!from->failed && !taken(from, "]")) {
        int byte = next_byte(from), last;
        if (byte == '\\')
            byte = escaped(from, set);
        else if (byte < 0)
            from->failed = 1;
        if (byte < 0 || from->failed)
            continue;
        last = byte;
        if (from->end - from->at > 1 && *from->at == '-' && from->at[1] != ']') {
            from->at++;
            last = (uint8_t)*from->at++;
            if (last == '\\')
                last = escaped(from, set);
        }
        for (; byte <= last; byte++)
            add_member(set, (uint8_t)byte);
    }
    for (int byte = 'a'; from->to->folds && byte <= 'z'; byte++)
        if (is_member(set, (uint8_t)byte) || is_member(set, (uint8_t)(byte - 32))) {
            add_member(set, (uint8_t)byte);
            add_member(set, (uint8_t)(byte - 32));
        }
    for (size_t one = 0; is_not && one < sizeof set->bits; one++)
        set->bits[one] = (uint8_t)~set->bits[one];
}

static int number(Source *from, int without)
{
    int found = 0;
    if (!is((uint8_t)peek(from), DIGIT))
        return without;
    while (from->at < from->end && is((uint8_t)*from->at, DIGIT) && found < 1000000)
        found = 10 * found + (*from->at++ - '0');
    return found;
}

static int take_repeat(Source *from, int *least, int *most, int *how)
{
    if (taken(from, "?"))
        *least = 0, *most = 1;
    else if (taken(from, "*"))
        *least = 0, *most = ANY_NUMBER;
    else if (taken(from, "+"))
        *least = 1, *most = ANY_NUMBER;
    else if (taken(from, "{")) {
        *least = number(from, 0);
        *most = taken(from, ",") ? number(from, ANY_NUMBER) : *least;
        from->failed |= !taken(from, "}");
    } else
        return 0;
    *how = taken(from, "?") ? LAZY : GREEDY;
    from->failed |= peek(from) == '+';
    return 1;
}

static void take_ways(Source *from);

static void take_group(Source *from)
{
    int least, most, how, slot = 0, begin = from->to->count;
    int is_ahead = taken(from, "?="), is_not_ahead = !is_ahead && taken(from, "?!");
    if (is_ahead || is_not_ahead)
        add_step(from, is_ahead ? AHEAD : NOT_AHEAD);
    else if (taken(from, "?P<")) {
        while (from->at < from->end && *from->at != '>')
            from->at++;
        from->failed |= !taken(from, ">") || from->to->slots + 2 > MOST_SLOTS;
        slot = from->to->slots;
        from->to->slots += 2;
        Step *step = add_step(from, SAVE);
        if (step)
            step->to = slot;
    } else if (!taken(from, "?:"))
        from->failed = 1;
    take_ways(from);
    from->failed |= !taken(from, ")");
    if (from->failed)
        return;
    if (slot) {
        Step *step = add_step(from, SAVE);
        if (step)
            step->to = slot + 1;
    } else if (is_ahead || is_not_ahead) {
        add_step(from, DONE);
        from->to->steps[begin].to = from->to->count;
    }
    if (!from->failed && take_repeat(from, &least, &most, &how)) {
        from->failed |= least != 0 || most != 1 || how != GREEDY || slot || is_ahead || is_not_ahead;
        Step *step = insert_step(from, begin, SPLIT);
        if (step)
            step->to = from->to->count;
    }
}

static void take_one(Source *from)
{
    Set set = {{0}};
    int byte = next_byte(from), least = 1, most = 1, how = GREEDY;
    if (byte == '(') {
        take_group(from);
        return;
    }
    if (byte == '\\' && is_listed(peek(from), "bAZ")) {
        int which = *from->at++;
        add_step(from, which == 'b' ? BOUNDARY : which == 'A' ? AT_BEGIN : AT_END);
        return;
    }
    if (byte == '[') {
        take_set(from, &set);
        byte = -1;
    } else if (byte == '\\')
        byte = escaped(from, &set);
    else if (is_listed(byte, ".^$*+?{"))
        from->failed = 1;
    if (!take_repeat(from, &least, &most, &how) && byte >= 0) {
        int folds = from->to->folds && is((uint8_t)byte, LETTER);
        Step *step = from->failed ? NULL : add_step(from, folds ? FOLDED : CHARACTER);
        if (step)
            step->byte = folds ? small_of[byte] : (uint8_t)byte;
        return;
    }
    if (byte >= 0) {
        add_member(&set, (uint8_t)byte);
        if (from->to->folds && is((uint8_t)byte, LETTER))
            add_member(&set, (uint8_t)byte ^ 32);
    }
    int known = set_of(from, &set);
    Step *step = from->failed ? NULL : add_step(from, SET);
    if (step) {
        step->set = (int16_t)known;
        step->least = least;
        step->most = most;
        step->how = (uint8_t)how;
    }
}

/* Alternatives up to a closing bracket or the end. Until all are there, each jump behind one names the
   jump before it. */
static void take_ways(Source *from)
{
    int jump = -1, begin = from->to->count;
    while (!from->failed && from->at < from->end && *from->at != ')') {
        if (*from->at != '|') {
            take_one(from);
            continue;
        }
        from->at++;
        if (!insert_step(from, begin, SPLIT) || !add_step(from, JUMP))
            return;
        from->to->steps[begin].to = from->to->count;
        from->to->steps[from->to->count - 1].to = -2 - jump;
        jump = from->to->count - 1;
        begin = from->to->count;
    }
    while (!from->failed && jump >= 0) {
        int before = -2 - from->to->steps[jump].to;
        from->to->steps[jump].to = from->to->count;
        jump = before;
    }
}

/* What a text may begin with that matches from a step on; 0 if that may be nothing. */
static int begins_with(const Expression *of, int at, Set *set)
{
    for (;; at++) {
        const Step *step = of->steps + at;
        switch (step->what) {
        case CHARACTER: add_member(set, step->byte); return 1;
        case FOLDED: add_member(set, step->byte); add_member(set, step->byte ^ 32); return 1;
        case SET:
            for (size_t one = 0; one < sizeof set->bits; one++)
                set->bits[one] |= of->sets[step->set].bits[one];
            if (step->least)
                return 1;
            break;
        case SPLIT:
            if (!begins_with(of, at + 1, set))
                return 0;
            at = step->to - 1;
            break;
        case JUMP: at = step->to - 1; break;
        case NOT_AHEAD: at = step->to - 1; break;
        case AHEAD: return begins_with(of, at + 1, set);
        case SAVE: case BOUNDARY: case AT_BEGIN: break;
        default: return 0;
        }
    }
}

static void free_expression(Expression *one)
{
    free(one->steps);
    free(one->sets);
    memset(one, 0, sizeof *one);
}

/* -1 for an expression that is none of ours. `(?i)` may stand before it. */
static int make_expression(Expression *to, const char *source, size_t size, int folds)
{
    Source from = {to, source, source + size, 0};
    memset(to, 0, sizeof *to);
    to->slots = 2;
    to->folds = taken(&from, "(?i)") || folds;
    take_ways(&from);
    from.failed |= from.at != from.end;
    if (!from.failed)
        add_step(&from, DONE);
    for (int one = 0; !from.failed && one < to->count; one++) {
        Set set = {{0}};
        int is_split = to->steps[one].what == SPLIT;
        int repeats = to->steps[one].what == SET && (to->steps[one].least != 1 || to->steps[one].most != 1);
        if ((is_split || repeats) && begins_with(to, one + 1, &set))
            to->steps[one].first = (int16_t)set_of(&from, &set);
    }
    if (from.failed)
        free_expression(to);
    return from.failed ? -1 : 0;
}

/* asking one */

static const uint8_t *run(const Expression *of, Matching *in, int at, const uint8_t *place);

static int can_begin(const Expression *of, const Matching *in, int16_t first, const uint8_t *place)
{
    return first < 0 || (place < in->end && is_member(of->sets + first, *place));
}

static const uint8_t *repeated(const Expression *of, Matching *in, int at, const uint8_t *place)
{
    const Step *step = of->steps + at;
    const Set *set = of->sets + step->set;
    const uint8_t *end = in->end, *found;
    if (end - place > step->most)
        end = place + step->most;
    if (step->how == LAZY) {
        for (int count = 0;; count++, place++) {
            if (count >= step->least && can_begin(of, in, step->first, place) &&
                (found = run(of, in, at + 1, place)))
                return found;
            if (place == end || !is_member(set, *place) || in->left < 0)
                return NULL;
        }
    }
    const uint8_t *last = place;
    while (last < end && is_member(set, *last))
        last++;
    for (; last - place >= step->least && in->left >= 0; last--)
        if (can_begin(of, in, step->first, last) && (found = run(of, in, at + 1, last)))
            return found;
    return NULL;
}

/* Where a match from a step on ends that begins at a place; none if there is none, or after too many
   steps. */
static const uint8_t *run(const Expression *of, Matching *in, int at, const uint8_t *place)
{
    const uint8_t *found;
    for (;; at++) {
        const Step *step = of->steps + at;
        if (--in->left < 0)
            return NULL;
        switch (step->what) {
        case CHARACTER:
            if (place == in->end || *place++ != step->byte)
                return NULL;
            break;
        case FOLDED:
            if (place == in->end || small_of[*place++] != step->byte)
                return NULL;
            break;
        case SET:
            if (step->least != 1 || step->most != 1)
                return repeated(of, in, at, place);
            if (place == in->end || !is_member(of->sets + step->set, *place++))
                return NULL;
            break;
        case SPLIT:
            if (can_begin(of, in, step->first, place) && (found = run(of, in, at + 1, place)))
                return found;
            at = step->to - 1;
            break;
        case JUMP: at = step->to - 1; break;
        case SAVE: in->slots[step->to] = place; break;
        case AHEAD: case NOT_AHEAD:
            if ((run(of, in, at + 1, place) != NULL) != (step->what == AHEAD))
                return NULL;
            at = step->to - 1;
            break;
        case BOUNDARY:
            if ((place > in->begin && is(place[-1], WORD)) ==
                (place < in->end && is(*place, WORD)))
                return NULL;
            break;
        case AT_BEGIN:
            if (place != in->begin)
                return NULL;
            break;
        case AT_END:
            if (place != in->end)
                return NULL;
            break;
        default: return place;
        }
    }
}

/* 1 if an expression matches at a place, 0 if not, -1 if that would take too long to say. The first two slots
   are those of the whole. */
static int matches(const Expression *of, Matching *in, const uint8_t *at)
{
    in->left = MOST_STEPS;
    in->slots[0] = at;
    in->slots[1] = run(of, in, 0, at);
    return in->left < 0 ? -1 : in->slots[1] != NULL;
}

/* The same at the first place from one on. */
static int is_found(const Expression *of, Matching *in, const uint8_t *at)
{
    int found = 0;
    while (!found && at <= in->end)
        found = matches(of, in, at++);
    return found;
}

#endif
