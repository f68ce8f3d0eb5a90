/* Commits and trees: where they are by their ids, and what they say, made of their deltas.

   The texts that were made last are held, as git makes most trees of another version of the same folder.
   Every number that a pack says is held against what there is; whatever is odd is refused. */

#ifndef KEYMUSTER_OBJECTS_H
#define KEYMUSTER_OBJECTS_H

#include "_inflate.h"

#define OF_COMMIT 1
#define OF_TREE 2
#define BY_OFFSET 6
#define BY_ID 7

#define NOWHERE UINT32_MAX
#define FIRST_OBJECT 12 /* bytes at the begin of a pack */
#define LONGEST_HEAD 64 /* of an object, with the id of its base */
#define LONGEST_CHAIN 5000
#define LARGEST_OBJECT (1u << 26)
#define HELD_TEXTS (16u << 20)  /* bytes of texts that may be needed again */
#define MOST_TEXTS (256u << 20) /* the same with those that are in use */
#define TEXT_PLACES (1u << 16)
#define LONGEST_ID 32
#define WINDOWS 512
#define WINDOW_BITS 13
#define WINDOW (1u << WINDOW_BITS)
#define BEYOND 2048 /* bytes that a window has behind its end: most objects are whole in the one they begin in */
#define PER_SOURCE 1000
#define LEAST_EFFORT (1ull << 26) /* bytes that may be made, looked at and told, and so many for each object */
#define EFFORT_OF_EACH (1ull << 20)

/* A pack, or behind them all objects in files of their own, which have no offsets. */
typedef struct {
    int descriptor;
    uint64_t end; /* of its objects */
    const uint8_t *ids;
    const uint64_t *offsets;
    uint32_t count, begin; /* the number of its first object in the whole store */
    uint32_t *firsts;      /* for each value of the first bits of an id, where such ids begin */
    unsigned shift;
    Py_buffer held[2];
} Shelf;

typedef struct Text {
    struct Text *chained, *older, *newer;
    uint64_t place;
    uint32_t size, users;
    int kind, is_named;
    uint8_t id[LONGEST_ID]; /* the one it was first asked for by, if any */
    uint8_t bytes[];
} Text;

typedef struct {
    uint8_t *bytes;
    uint64_t number;
    uint32_t shelf;
    size_t size;
} Window;

typedef struct {
    uint32_t shelf;
    uint64_t begin; /* of the compressed bytes */
    uint64_t place;
    uint32_t stored;
} Step;

typedef struct {
    Inflater inflater;
    Shelf *shelves;
    uint32_t count, last; /* the one that something was found in last */
    uint32_t objects;
    size_t width;
    PyObject *fetch;
    Text *places[TEXT_PLACES], *named[TEXT_PLACES]; /* by where they are, and some by their ids */
    Text ends; /* of those that nobody uses: `older` is the newest of them, `newer` the oldest */
    uint64_t held;
    uint64_t effort; /* that may still be made */
    Window windows[WINDOWS];
    Step steps[LONGEST_CHAIN];
    uint8_t *compressed, *inflated;
    size_t room_compressed, room_inflated;
} Objects;

/* --- where --- */

static uint32_t first_bits(const uint8_t *id)
{
    return (uint32_t)id[0] << 24 | (uint32_t)id[1] << 16 | (uint32_t)id[2] << 8 | id[3];
}

/* Note where ids begin; it fails if they do not ascend. */
static int index_shelf(Shelf *shelf, size_t width)
{
    unsigned bits = 0;
    while (bits < 22 && shelf->count >> bits > 1)
        bits++;
    shelf->shift = 32 - bits;
    uint32_t values = 1u << bits, value = 0;
    if (!(shelf->firsts = malloc((values + 1) * sizeof *shelf->firsts)))
        return -1;
    for (uint32_t one = 0; one < shelf->count; one++) {
        uint32_t here = (uint32_t)((uint64_t)first_bits(shelf->ids + one * width) >> shelf->shift);
        if (here + 1 < value)
            return -1;
        while (value <= here)
            shelf->firsts[value++] = one;
    }
    while (value <= values)
        shelf->firsts[value++] = shelf->count;
    return 0;
}

static uint32_t position_in(const Shelf *shelf, const uint8_t *id, size_t width)
{
    uint32_t value = (uint32_t)((uint64_t)first_bits(id) >> shelf->shift);
    uint32_t low = shelf->firsts[value], high = shelf->firsts[value + 1];
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = memcmp(shelf->ids + middle * width, id, width);
        if (!order)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NOWHERE;
}

/* The number of the object with an id, the same each time; NOWHERE if there is none. */
static uint32_t number_of_id(const Objects *in, const uint8_t *id)
{
    for (uint32_t one = 0; one < in->count; one++) {
        uint32_t position = position_in(in->shelves + one, id, in->width);
        if (position != NOWHERE)
            return in->shelves[one].begin + position;
    }
    return NOWHERE;
}

/* The number of any object with an id: it is looked for first where the last one was. */
static uint32_t any_of_id(Objects *in, const uint8_t *id)
{
    uint32_t position = in->count ? position_in(in->shelves + in->last, id, in->width) : NOWHERE;
    if (position != NOWHERE)
        return in->shelves[in->last].begin + position;
    for (uint32_t one = 0; one < in->count; one++)
        if ((position = position_in(in->shelves + one, id, in->width)) != NOWHERE) {
            in->last = one;
            return in->shelves[one].begin + position;
        }
    return NOWHERE;
}

static uint32_t shelf_of(const Objects *in, uint32_t number)
{
    uint32_t low = 0, high = in->count - 1; /* the last that begins there or before */
    while (low < high) {
        uint32_t middle = low + (high - low + 1) / 2;
        if (in->shelves[middle].begin <= number)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

static const uint8_t *id_of(const Objects *in, uint32_t number)
{
    const Shelf *shelf = in->shelves + shelf_of(in, number);
    return shelf->ids + (size_t)(number - shelf->begin) * in->width;
}

/* --- what was made --- */

static size_t bucket_of(uint64_t place) { return (size_t)((place * 0x9E3779B97F4A7C15ull) >> 48); }

static void unlink_text(Text *text)
{
    text->older->newer = text->newer;
    text->newer->older = text->older;
}

static Text **named_at(Objects *in, const uint8_t *id) { return in->named + (first_bits(id) >> 16); }

static void forget_text(Objects *in, Text *text)
{
    Text **to = in->places + bucket_of(text->place), **named = named_at(in, text->id);
    if (*named == text) /* else another one has taken its place */
        *named = NULL;
    while (*to != text)
        to = &(*to)->chained;
    *to = text->chained;
    in->held -= text->size + sizeof *text;
    free(text);
}

/* Whether so much more may be done. */
static int may_spend(Objects *in, uint64_t effort)
{
    if (effort > in->effort)
        return 0;
    in->effort -= effort;
    return 1;
}

/* Room for a text, in the place of those that were not used for longest. */
static Text *new_text(Objects *in, uint64_t place, int kind, uint64_t size)
{
    if (size > LARGEST_OBJECT || !may_spend(in, size))
        return NULL;
    while (in->held + size > HELD_TEXTS && in->ends.newer != &in->ends) {
        Text *oldest = in->ends.newer;
        unlink_text(oldest);
        forget_text(in, oldest);
    }
    if (in->held + size > MOST_TEXTS)
        return NULL;
    Text *text = malloc(sizeof *text + size);
    if (!text)
        return NULL;
    Text **to = in->places + bucket_of(place);
    *text = (Text){.chained = *to, .place = place, .size = (uint32_t)size, .users = 1, .kind = kind};
    *to = text;
    in->held += size + sizeof *text;
    return text;
}

static Text *use_text(Text *text)
{
    if (!text->users++)
        unlink_text(text);
    return text;
}

static Text *held_text(Objects *in, uint64_t place)
{
    for (Text *text = in->places[bucket_of(place)]; text; text = text->chained)
        if (text->place == place)
            return use_text(text);
    return NULL;
}

/* A user needs it no longer. */
static void let_text(Objects *in, Text *text)
{
    if (!text || --text->users)
        return;
    text->newer = &in->ends;
    text->older = in->ends.older;
    text->older->newer = text;
    in->ends.older = text;
}

/* It is not what it should be. */
static void drop_text(Objects *in, Text *text)
{
    if (text)
        forget_text(in, text);
}

/* --- what is stored --- */

static int read_pack(const Shelf *shelf, uint8_t *to, size_t size, uint64_t offset)
{
    while (size) {
        ssize_t some = pread(shelf->descriptor, to, size, (off_t)offset);
        if (some <= 0)
            return -1;
        to += some, size -= (size_t)some, offset += (uint64_t)some;
    }
    return 0;
}

static uint8_t *room_of(uint8_t **buffer, size_t *room, size_t size)
{
    if (size > *room) {
        free(*buffer);
        *buffer = calloc(2 * size, 1);
        *room = *buffer ? 2 * size : 0;
    }
    return *buffer;
}

/* So many bytes of a pack, or fewer at its end, with some behind them. */
static const uint8_t *stored_at(Objects *in, uint32_t number, uint64_t offset, size_t *size)
{
    const Shelf *shelf = in->shelves + number;
    if (offset < FIRST_OBJECT || offset >= shelf->end)
        return NULL;
    if (*size > shelf->end - offset)
        *size = (size_t)(shelf->end - offset);
    if (*size > BEYOND) {
        uint8_t *to = room_of(&in->compressed, &in->room_compressed, *size + BEHIND_COMPRESSED);
        return to && !read_pack(shelf, to, *size, offset) ? to : NULL;
    }
    uint64_t which = offset >> WINDOW_BITS, begin = which << WINDOW_BITS;
    Window *window = in->windows + (which + number) % WINDOWS;
    if (!window->bytes && !(window->bytes = calloc(WINDOW + BEYOND + BEHIND_COMPRESSED, 1)))
        return NULL;
    if (!window->size || window->number != which || window->shelf != number) {
        uint64_t left = shelf->end - begin;
        size_t some = left < WINDOW + BEYOND ? (size_t)left : WINDOW + BEYOND;
        window->size = 0;
        if (read_pack(shelf, window->bytes, some, begin))
            return NULL;
        window->number = which, window->shelf = number, window->size = some;
    }
    return window->bytes + (offset - begin);
}

typedef struct {
    int kind;
    uint32_t stored;
    uint64_t begin;  /* of the compressed bytes */
    uint32_t shelf;  /* of the base, if it has one */
    uint64_t offset; /* the same; of a file of its own, where it is among them */
} Head;

static int read_head(Objects *in, uint32_t number, uint64_t offset, Head *head)
{
    size_t left = LONGEST_HEAD, at = 1;
    const uint8_t *bytes = stored_at(in, number, offset, &left);
    if (!bytes)
        return -1;
    uint64_t size = bytes[0] & 15, back;
    head->kind = bytes[0] >> 4 & 7;
    for (unsigned shift = 4, more = bytes[0] & 0x80; more; shift += 7, at++) {
        if (at >= left || shift > 25)
            return -1;
        more = bytes[at] & 0x80;
        size |= (uint64_t)(bytes[at] & 0x7F) << shift;
    }
    if (size > LARGEST_OBJECT)
        return -1;
    head->stored = (uint32_t)size;
    head->shelf = number;
    if (head->kind == BY_OFFSET) {
        if (at >= left)
            return -1;
        for (back = bytes[at] & 0x7F; bytes[at++] & 0x80;) {
            if (at >= left || back >> 48)
                return -1;
            back = (back + 1) << 7 | (bytes[at] & 0x7F);
        }
        if (!back || back > offset - FIRST_OBJECT)
            return -1;
        head->offset = offset - back;
    } else if (head->kind == BY_ID) {
        if (left - at < in->width || at > left)
            return -1;
        uint32_t base = position_in(in->shelves + number, bytes + at, in->width);
        if (base == NOWHERE) {
            if ((base = number_of_id(in, bytes + at)) == NOWHERE)
                return -1;
            head->shelf = shelf_of(in, base);
            base -= in->shelves[head->shelf].begin;
        }
        const Shelf *shelf = in->shelves + head->shelf;
        head->offset = shelf->offsets ? shelf->offsets[base] : base;
        at += in->width;
    }
    head->begin = offset + at;
    return 0;
}

/* What is inflated, for a while; it must have so many bytes. */
static const uint8_t *inflated_at(Objects *in, uint32_t shelf, uint64_t begin, uint32_t stored)
{
    size_t size = (size_t)stored + stored / 8 + LONGEST_HEAD; /* no more than that is ever compressed */
    uint8_t *to = room_of(&in->inflated, &in->room_inflated, (size_t)stored + BEHIND_INFLATED);
    const uint8_t *from = to ? stored_at(in, shelf, begin, &size) : NULL;
    if (!from || inflate_into(&in->inflater, from, size, to, stored, 1) < 0)
        return NULL;
    return to;
}

static int delta_number(const uint8_t *delta, size_t end, size_t *at, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; *at < end && shift < 35; shift += 7) {
        uint8_t byte = delta[(*at)++];
        *value |= (uint64_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80))
            return 0;
    }
    return -1;
}

/* Do what a delta says, behind its numbers. */
static int follow(const uint8_t *base, size_t held, const uint8_t *delta, size_t end, size_t at, uint8_t *to,
                  size_t size)
{
    size_t here = 0;
    while (at < end) {
        uint8_t command = delta[at++];
        if (command & 0x80) {
            size_t offset = 0, count = 0;
            for (unsigned bit = 0; bit < 7; bit++) {
                if (!(command & 1 << bit))
                    continue;
                if (at >= end)
                    return -1;
                if (bit < 4)
                    offset |= (size_t)delta[at++] << 8 * bit;
                else
                    count |= (size_t)delta[at++] << 8 * (bit - 4);
            }
            if (!count)
                count = 0x10000;
            if (offset > held || count > held - offset || count > size - here)
                return -1;
            memcpy(to + here, base + offset, count);
            here += count;
        } else {
            if (!command || command > end - at || command > size - here)
                return -1;
            memcpy(to + here, delta + at, command);
            at += command, here += command;
        }
    }
    return here == size ? 0 : -1;
}

/* One more step up a chain. */
static Text *changed_text(Objects *in, const Text *base, const Step *step)
{
    uint64_t claimed, size;
    size_t at = 0;
    const uint8_t *delta = inflated_at(in, step->shelf, step->begin, step->stored);
    if (!delta || delta_number(delta, step->stored, &at, &claimed) || claimed != base->size ||
        delta_number(delta, step->stored, &at, &size))
        return NULL;
    Text *text = new_text(in, step->place, base->kind, size);
    if (text && follow(base->bytes, base->size, delta, step->stored, at, text->bytes, (size_t)size)) {
        drop_text(in, text);
        return NULL;
    }
    return text;
}

/* What somebody else reads for us. */
static Text *fetched_text(Objects *in, uint64_t place, uint32_t position, int kind)
{
    Text *text = NULL;
    PyObject *said = PyObject_CallFunction(in->fetch, "Ii", (unsigned)position, kind);
    char *bytes;
    Py_ssize_t size;
    if (said && said != Py_None && !PyBytes_AsStringAndSize(said, &bytes, &size) &&
        (text = new_text(in, place, kind, (uint64_t)size)))
        memcpy(text->bytes, bytes, (size_t)size);
    Py_XDECREF(said);
    return text;
}

/* What stands in a place, for one more user; NULL if that is no such thing, or odd. */
static Text *text_at(Objects *in, uint32_t shelf, uint64_t offset, int kind)
{
    size_t steps = 0;
    Text *text;
    for (;;) {
        uint64_t place = (uint64_t)shelf << 48 | offset;
        Head head;
        if ((text = held_text(in, place)))
            break;
        if (!in->shelves[shelf].offsets) {
            text = fetched_text(in, place, (uint32_t)offset, kind);
            break;
        }
        if (offset >> 48 || read_head(in, shelf, offset, &head))
            return NULL;
        if (head.kind == BY_OFFSET || head.kind == BY_ID) {
            if (steps == LONGEST_CHAIN)
                return NULL;
            in->steps[steps++] = (Step){shelf, head.begin, place, head.stored};
            shelf = head.shelf, offset = head.offset;
            continue;
        }
        const uint8_t *whole = head.kind == kind ? inflated_at(in, shelf, head.begin, head.stored) : NULL;
        if (whole && (text = new_text(in, place, kind, head.stored)))
            memcpy(text->bytes, whole, head.stored);
        break;
    }
    if (text && text->kind != kind) {
        let_text(in, text);
        return NULL;
    }
    while (text && steps) {
        Text *next = changed_text(in, text, in->steps + --steps);
        let_text(in, text);
        text = next;
    }
    return text;
}

static Text *text_of_number(Objects *in, uint32_t number, int kind)
{
    uint32_t shelf = shelf_of(in, number), position = number - in->shelves[shelf].begin;
    const uint64_t *offsets = in->shelves[shelf].offsets;
    return text_at(in, shelf, offsets ? offsets[position] : position, kind);
}

static Text *text_of_id(Objects *in, const uint8_t *id, int kind)
{
    Text **named = named_at(in, id), *text = *named;
    if (text && text->kind == kind && !memcmp(text->id, id, in->width))
        return use_text(text);
    uint32_t number = any_of_id(in, id);
    text = number == NOWHERE ? NULL : text_of_number(in, number, kind);
    if (text && !text->is_named) {
        memcpy(text->id, id, in->width);
        text->is_named = 1;
        *named = text;
    }
    return text;
}

/* --- begin and end --- */

static int take_shelf(Shelf *to, PyObject *said, size_t width, uint64_t *objects)
{
    unsigned long long end;
    to->descriptor = -1;
    if (PyTuple_Check(said)) {
        if (!PyArg_ParseTuple(said, "iKy*y*", &to->descriptor, &end, to->held, to->held + 1)) {
            memset(to->held, 0, sizeof to->held); /* what was taken was given back */
            return -1;
        }
        to->end = end;
        to->offsets = to->held[1].buf;
    } else if (PyObject_GetBuffer(said, to->held, PyBUF_SIMPLE)) {
        to->held[0].obj = NULL;
        return -1;
    }
    to->ids = to->held[0].buf;
    uint64_t count = (uint64_t)to->held[0].len / width;
    to->begin = (uint32_t)*objects;
    *objects += count;
    if ((uint64_t)to->held[0].len % width || *objects >= NOWHERE || to->end > INT64_MAX ||
        (to->offsets && (uint64_t)to->held[1].len != 8 * count)) {
        PyErr_SetString(PyExc_ValueError, "arrays of different lengths");
        return -1;
    }
    to->count = (uint32_t)count;
    if (index_shelf(to, width)) {
        PyErr_SetString(PyExc_ValueError, "ids in no order");
        return -1;
    }
    return 0;
}

static void close_objects(Objects *in)
{
    if (!in)
        return;
    for (size_t one = 0; one < TEXT_PLACES; one++)
        for (Text *text = in->places[one], *next; text; text = next) {
            next = text->chained;
            free(text);
        }
    for (size_t one = 0; one < WINDOWS; one++)
        free(in->windows[one].bytes);
    for (uint32_t one = 0; in->shelves && one < in->count; one++) {
        free(in->shelves[one].firsts);
        for (int each = 0; each < 2; each++)
            if (in->shelves[one].held[each].obj)
                PyBuffer_Release(in->shelves[one].held + each);
    }
    free(in->shelves);
    free(in->compressed);
    free(in->inflated);
    free(in);
}

/* Of packs, each (descriptor, where its objects end, ids, offsets), and at the end the ids of files of their own.
   `fetch` says what the one at a place among these holds, if it is of a kind. */
static Objects *open_objects(PyObject *sources, size_t width, PyObject *fetch)
{
    Py_ssize_t count = PyList_Size(sources);
    uint64_t objects = 0;
    if (count < 1 || count > PER_SOURCE || width < 4 || width > LONGEST_ID) {
        PyErr_SetString(PyExc_ValueError, "no store that can be walked");
        return NULL;
    }
    Objects *in = calloc(1, sizeof *in);
    if (!in || !(in->shelves = calloc((size_t)count, sizeof *in->shelves))) {
        free(in);
        PyErr_NoMemory();
        return NULL;
    }
    in->width = width;
    in->fetch = fetch;
    in->ends.older = in->ends.newer = &in->ends;
    for (Py_ssize_t one = 0; one < count; one++) {
        in->count++; /* what it took is to be given back, too */
        if (take_shelf(in->shelves + one, PyList_GetItem(sources, one), width, &objects)) {
            close_objects(in);
            return NULL;
        }
    }
    in->objects = (uint32_t)objects;
    in->effort = LEAST_EFFORT + EFFORT_OF_EACH * objects;
    return in;
}

#endif
