/* The inner loops of the pack reader; plain.py has the same in Python and says what each does.

   Everything read here may be hostile: no byte is read and none written before its place is checked,
   and every number that is used as a place is compared with the length of what it points into. */

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#ifndef _WIN32
#include <errno.h>
#include <unistd.h>
#endif

#include "_inflate.h"
#ifndef _WIN32
#include "_walk.h"
#endif

#define NONE UINT32_MAX
#define OFFSET_DELTA 6
#define ID_DELTA 7
#define LONGEST_NUMBER 9
#define WITHIN 64
#define PASSED 255

static int number(const uint8_t *delta, Py_ssize_t end, Py_ssize_t *at, uint64_t *value)
{
    *value = 0;
    for (int shift = 0; shift < 7 * LONGEST_NUMBER; shift += 7) {
        if (*at >= end) {
            PyErr_SetString(PyExc_ValueError, "its delta ends too early");
            return -1;
        }
        uint8_t byte = delta[(*at)++];
        *value |= (uint64_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80))
            return 0;
    }
    PyErr_SetString(PyExc_ValueError, "its delta declares a size beyond all bounds");
    return -1;
}

static int keep(PyObject *kept, uint64_t first, uint64_t source, uint64_t length, Py_ssize_t least)
{
    if (!length || length < (uint64_t)(least < 0 ? 0 : least))
        return 0;
    PyObject *one = PyTuple_New(3);
    uint64_t said[3] = {first, source, length};
    for (int each = 0; one && each < 3; each++) {
        PyObject *number = PyLong_FromUnsignedLongLong(said[each]);
        if (!number || PyTuple_SetItem(one, each, number))
            Py_CLEAR(one);
    }
    int failed = !one || PyList_Append(kept, one);
    Py_XDECREF(one);
    return failed ? -1 : 0;
}

static PyObject *expanded(const uint8_t *base, Py_ssize_t held, const uint8_t *delta, Py_ssize_t end,
                          Py_ssize_t least, Py_ssize_t most)
{
    Py_ssize_t at = 0;
    uint64_t claimed, size, here = 0, first = 0, length = 0, source = 0;
    const char *wrong = NULL;
    if (number(delta, end, &at, &claimed))
        return NULL;
    if (claimed != (uint64_t)held) {
        PyErr_SetString(PyExc_ValueError, "its delta is for a base of another size");
        return NULL;
    }
    if (number(delta, end, &at, &size))
        return NULL;
    if (most < 0 || size > (uint64_t)most) {
        PyErr_SetString(PyExc_ValueError, "its delta makes more than was declared");
        return NULL;
    }
    PyObject *result = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)size);
    PyObject *kept = PyList_New(0);
    if (!result || !kept)
        goto failed;
    uint8_t *made = (uint8_t *)PyBytes_AsString(result);
    while (at < end) {
        uint8_t command = delta[at++];
        if (command & 0x80) {
            uint64_t offset = 0, count = 0;
            int bit, missing = 0;
            for (bit = 0; bit < 7; bit++) {
                if (!(command & 1 << bit))
                    continue;
                if (at >= end) {
                    missing = 1;
                    break;
                }
                if (bit < 4)
                    offset |= (uint64_t)delta[at++] << 8 * bit;
                else
                    count |= (uint64_t)delta[at++] << 8 * (bit - 4);
            }
            if (missing) {
                wrong = "its delta ends too early";
                goto failed;
            }
            if (!count)
                count = 0x10000;
            if (offset + count > claimed) {
                wrong = "its delta copies from outside of the base";
                goto failed;
            }
            if (count > size - here) {
                wrong = "its delta makes more than it declares";
                goto failed;
            }
            memcpy(made + here, base + offset, count);
            if (first + length == here && source + length == offset)
                length += count;
            else {
                if (keep(kept, first, source, length, least))
                    goto failed;
                first = here, source = offset, length = count;
            }
            here += count;
        } else if (command) {
            if (command > end - at) {
                wrong = "its delta ends too early";
                goto failed;
            }
            if (command > size - here) {
                wrong = "its delta makes more than it declares";
                goto failed;
            }
            memcpy(made + here, delta + at, command);
            at += command;
            here += command;
        } else {
            wrong = "its delta holds an instruction that git does not know";
            goto failed;
        }
    }
    if (here != size) {
        wrong = "its delta makes less than it declares";
        goto failed;
    }
    if (keep(kept, first, source, length, least))
        goto failed;
    return Py_BuildValue("(NN)", result, kept);
failed:
    Py_XDECREF(result);
    Py_XDECREF(kept);
    if (wrong)
        PyErr_SetString(PyExc_ValueError, wrong);
    return NULL;
}

static PyObject *expand(PyObject *self, PyObject *args)
{
    const char *base, *delta;
    Py_ssize_t held, end, least, most;
    if (!PyArg_ParseTuple(args, "y#y#nn", &base, &held, &delta, &end, &least, &most))
        return NULL;
    return expanded((const uint8_t *)base, held, (const uint8_t *)delta, end, least, most);
}

/* What the module holds: buffers, so that not each object needs new ones. */
typedef struct {
    Inflater inflater;
    uint8_t *compressed, *inflated;
    size_t room_compressed, room_inflated;
} State;

#ifndef _WIN32
#define HELD (1 << 22) /* bytes that a buffer keeps until the next object */

/* Room for so many bytes, of which those at the end are there for a reader that looks too far. */
static uint8_t *room_for(uint8_t **buffer, size_t *room, size_t size)
{
    if (size > *room) {
        size_t more = size < HELD / 2 ? 2 * size : size;
        free(*buffer);
        *buffer = calloc(more, 1);
        *room = *buffer ? more : 0;
    }
    return *buffer;
}

static void let_go(uint8_t **buffer, size_t *room)
{
    if (*room <= HELD)
        return;
    free(*buffer);
    *buffer = NULL;
    *room = 0;
}

/* The content of an object of a pack, and what it keeps of its base, if it has one: see `_made` in
   reading.py. None if it is not what it should be, or its compressed bytes are in any way unusual. */
static PyObject *make(PyObject *self, PyObject *args)
{
    State *state = PyModule_GetState(self);
    unsigned long long begin, end, stored, size;
    PyObject *base, *result = NULL;
    Py_ssize_t least;
    int descriptor;
    if (!state || !PyArg_ParseTuple(args, "iKKKKOn", &descriptor, &begin, &end, &stored, &size, &base,
                                    &least))
        return NULL;
    if (base != Py_None && !PyBytes_Check(base)) {
        PyErr_SetString(PyExc_TypeError, "a base is bytes, or None");
        return NULL;
    }
    if (end < begin || end > INT64_MAX || end - begin > UINT32_MAX || stored > UINT32_MAX ||
        size > UINT32_MAX || sizeof(size_t) < 8)
        Py_RETURN_NONE;
    size_t compressed = (size_t)(end - begin);
    uint8_t *from = room_for(&state->compressed, &state->room_compressed, compressed + BEHIND_COMPRESSED);
    uint8_t *to = room_for(&state->inflated, &state->room_inflated, (size_t)stored + BEHIND_INFLATED);
    int is_there = from && to && pread(descriptor, from, compressed, (off_t)begin) == (ssize_t)compressed &&
                   inflate_into(&state->inflater, from, compressed, to, (size_t)stored, 1) >= 0;
    let_go(&state->compressed, &state->room_compressed);
    /* Where Python makes objects, it may collect garbage or let another thread run, and be here again: so
       long the buffer is nobody else's. */
    size_t room = state->room_inflated;
    state->inflated = NULL;
    state->room_inflated = 0;
    if (is_there && base == Py_None)
        result = Py_BuildValue("(y#())", (char *)to, (Py_ssize_t)stored);
    else if (is_there)
        result = expanded((const uint8_t *)PyBytes_AsString(base), PyBytes_Size(base), to,
                          (Py_ssize_t)stored, least, (Py_ssize_t)size);
    if (state->inflated)
        free(to);
    else {
        state->inflated = to;
        state->room_inflated = room;
        let_go(&state->inflated, &state->room_inflated);
    }
    if (result && base != Py_None && PyBytes_Size(PyTuple_GetItem(result, 0)) != (Py_ssize_t)size)
        Py_CLEAR(result);
    if (!result && PyErr_Occurred() && !PyErr_ExceptionMatches(PyExc_ValueError))
        return NULL;
    if (result)
        return result;
    PyErr_Clear();
    Py_RETURN_NONE;
}
#endif

typedef struct {
    uint64_t offset;
    uint32_t place;
} Entry;

static int earlier(const void *left, const void *right)
{
    const Entry *a = left, *b = right;
    if (a->offset != b->offset)
        return a->offset < b->offset ? -1 : 1;
    return a->place < b->place ? -1 : a->place > b->place;
}

static PyObject *ascending(PyObject *self, PyObject *args)
{
    Py_buffer offsets;
    PyObject *places = NULL, *sorted = NULL, *result = NULL;
    if (!PyArg_ParseTuple(args, "y*", &offsets))
        return NULL;
    Py_ssize_t count = offsets.len / 8;
    Entry *entries = count < NONE ? calloc((size_t)count + 1, sizeof *entries) : NULL;
    if (!entries)
        PyErr_NoMemory();
    else if ((places = PyBytes_FromStringAndSize(NULL, 4 * count)) &&
             (sorted = PyBytes_FromStringAndSize(NULL, 8 * count))) {
        uint32_t *place = (uint32_t *)PyBytes_AsString(places);
        uint64_t *offset = (uint64_t *)PyBytes_AsString(sorted);
        for (Py_ssize_t one = 0; one < count; one++)
            entries[one] = (Entry){((uint64_t *)offsets.buf)[one], (uint32_t)one};
        qsort(entries, (size_t)count, sizeof *entries, earlier);
        for (Py_ssize_t one = 0; one < count; one++)
            place[one] = entries[one].place, offset[one] = entries[one].offset;
        result = PyTuple_Pack(2, places, sorted);
    }
    Py_XDECREF(places);
    Py_XDECREF(sorted);
    free(entries);
    PyBuffer_Release(&offsets);
    return result;
}

static PyObject *rising(PyObject *self, PyObject *args)
{
    const char *ids;
    Py_ssize_t size, width;
    if (!PyArg_ParseTuple(args, "y#n", &ids, &size, &width))
        return NULL;
    if (width < 1 || size % width) {
        PyErr_SetString(PyExc_ValueError, "ids that are cut off");
        return NULL;
    }
    Py_ssize_t at = width;
    while (at < size && memcmp(ids + at - width, ids + at, (size_t)width) < 0)
        at += width;
    return PyBool_FromLong(at >= size);
}

static uint32_t found(const uint64_t *offsets, uint64_t wanted, Py_ssize_t high)
{
    Py_ssize_t low = 0, end = high;
    while (low < high) {
        Py_ssize_t middle = low + (high - low) / 2;
        if (offsets[middle] < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    return low < end && offsets[low] == wanted ? (uint32_t)low : NONE;
}

static PyObject *headers(PyObject *self, PyObject *args)
{
    Py_buffer all[6]; /* chunk, offsets, kinds, sizes, lengths, bases */
    unsigned long long start;
    Py_ssize_t number, width;
    int final;
    if (!PyArg_ParseTuple(args, "y*Ky*nnpw*w*w*w*", all, &start, all + 1, &number, &width, &final,
                          all + 2, all + 3, all + 4, all + 5))
        return NULL;
    const uint8_t *chunk = all[0].buf;
    const uint64_t held = (uint64_t)all[0].len, *offsets = all[1].buf;
    uint8_t *kinds = all[2].buf, *lengths = all[4].buf;
    uint64_t *sizes = all[3].buf;
    uint32_t *bases = all[5].buf;
    Py_ssize_t count = all[1].len / 8;
    int fits = number >= 0 && width >= 0 && width <= WITHIN && count < NONE &&
               all[2].len >= count && all[3].len >= 8 * count && all[4].len >= count &&
               all[5].len >= 4 * count;
    for (; fits && number < count; number++) {
        uint64_t offset = offsets[number], at = offset - start, begin = at;
        if (!final && offset >= start && at + WITHIN > held)
            break;
        kinds[number] = 0;
        if (offset < start || at >= held || (number && offsets[number - 1] == offset))
            continue;
        uint8_t byte = chunk[at++];
        int kind = byte >> 4 & 7;
        uint64_t size = byte & 15;
        for (int shift = 4; byte & 0x80 && at < held && shift < 60; shift += 7) {
            byte = chunk[at++];
            size |= (uint64_t)(byte & 0x7F) << shift;
        }
        if (byte & 0x80 || kind == 0 || kind == 5)
            continue;
        if (kind == OFFSET_DELTA) {
            uint64_t back = UINT64_MAX;
            byte = 0x80;
            for (int left = LONGEST_NUMBER; byte & 0x80 && left && at < held; left--) {
                byte = chunk[at++];
                back = (back + 1) << 7 | (byte & 0x7F);
            }
            if (byte & 0x80 || !back || back > offset)
                continue;
            bases[number] = found(offsets, offset - back, number);
        } else if (kind == ID_DELTA)
            at += (uint64_t)width;
        if (at > held)
            continue;
        kinds[number] = (uint8_t)kind;
        sizes[number] = size;
        lengths[number] = (uint8_t)(at - begin);
    }
    for (int one = 0; one < 6; one++)
        PyBuffer_Release(all + one);
    if (!fits) {
        PyErr_SetString(PyExc_ValueError, "arrays of different lengths");
        return NULL;
    }
    return PyLong_FromSsize_t(number);
}

static PyObject *roots(PyObject *self, PyObject *args)
{
    Py_buffer kinds, up;
    PyObject *result = NULL;
    if (!PyArg_ParseTuple(args, "y*y*", &kinds, &up))
        return NULL;
    const uint32_t *bases = up.buf, count = (uint32_t)(up.len / 4);
    if (up.len / 4 != kinds.len || up.len / 4 >= NONE)
        PyErr_SetString(PyExc_ValueError, "arrays of different lengths");
    else
        result = PyByteArray_FromStringAndSize(kinds.buf, kinds.len);
    for (uint32_t number = 0; result && number < count; number++) {
        uint8_t *found = (uint8_t *)PyByteArray_AsString(result), end;
        uint32_t last = number, next;
        while (found[last] == OFFSET_DELTA || found[last] == ID_DELTA) {
            found[last] = PASSED;
            if (bases[last] >= count)
                break;
            last = bases[last];
        }
        end = found[last] == PASSED ? 0 : found[last];
        for (next = number; next < count && found[next] == PASSED; next = bases[next])
            found[next] = end;
    }
    PyBuffer_Release(&kinds);
    PyBuffer_Release(&up);
    return result;
}

/* Needed objects are numbered anew, in the same order, so that only they take memory. */
static PyObject *arrange(PyObject *self, PyObject *args)
{
    Py_buffer wanted, up;
    PyObject *result = NULL;
    if (!PyArg_ParseTuple(args, "y*y*", &wanted, &up))
        return NULL;
    const uint8_t *flags = wanted.buf;
    const uint32_t *bases = up.buf;
    size_t total = (size_t)up.len / 4, count = 0, emitted = 0, queued = 0;
    uint32_t *mine = calloc(total + 1, sizeof *mine), *work = NULL;
    if ((Py_ssize_t)total != wanted.len || total >= NONE) {
        PyErr_SetString(PyExc_ValueError, "arrays of different lengths");
        goto done;
    }
    for (size_t number = 0; mine && number < total; number++)
        for (size_t one = flags[number] ? number : NONE; one < total && !mine[one]; one = bases[one])
            mine[one] = 1, count++;
    work = calloc(count + 1, 9 * sizeof *work);
    if (!mine || !work) {
        PyErr_NoMemory();
        goto done;
    }
    uint32_t *real = work, *base = real + count, *child = base + count, *sibling = child + count,
             *below = sibling + count, *heaviest = below + count, *place = heaviest + count,
             *order = place + count, *above = order + count;
    for (uint32_t number = 0, next = 0; number < total; number++)
        if (mine[number])
            real[next] = number, mine[number] = next++;
    for (uint32_t one = 0; one < count; one++) {
        base[one] = bases[real[one]] < total ? mine[bases[real[one]]] : NONE;
        below[one] = 1;
        heaviest[one] = NONE;
        if (base[one] != NONE)
            child[base[one]]++; /* for now, how many */
    }
    uint32_t *queue = sibling;
    for (uint32_t one = 0; one < count; one++)
        if (!child[one])
            queue[queued++] = one;
    for (size_t next = 0; next < queued; next++) {
        uint32_t one = queue[next], over = base[one];
        if (over == NONE)
            continue;
        below[over] += below[one];
        if (!--child[over])
            queue[queued++] = over;
    }
    for (uint32_t one = 0; one < count; one++)
        if (base[one] != NONE && (heaviest[base[one]] == NONE ||
                                  below[one] >= below[heaviest[base[one]]]))
            heaviest[base[one]] = one;
    for (uint32_t one = 0; one < count; one++)
        child[one] = heaviest[one], sibling[one] = NONE;
    for (size_t left = count; left--;) {
        uint32_t one = (uint32_t)left, over = base[one];
        if (over != NONE && heaviest[over] != one)
            sibling[one] = child[over], child[over] = one;
    }
    for (uint32_t top = 0; top < count; top++) {
        uint32_t one = top;
        while (base[top] == NONE) {
            place[one] = (uint32_t)emitted;
            order[emitted] = real[one];
            above[emitted++] = base[one] == NONE ? NONE : place[base[one]];
            if (child[one] != NONE) {
                one = child[one];
                continue;
            }
            while (one != top && sibling[one] == NONE)
                one = base[one];
            if (one == top)
                break;
            one = sibling[one];
        }
    }
    result = Py_BuildValue("(y#y#)", (char *)order, (Py_ssize_t)(4 * emitted), (char *)above,
                           (Py_ssize_t)(4 * emitted));
done:
    free(mine);
    free(work);
    PyBuffer_Release(&wanted);
    PyBuffer_Release(&up);
    return result;
}

/* The number that a delta begins with after another one: how much it makes; -1 if that is not all there. */
static int64_t declared(const uint8_t *head, Py_ssize_t size)
{
    Py_ssize_t at = 0;
    uint64_t value = 0;
    while (at < size && head[at] & 0x80)
        at++;
    for (int shift = 0; ++at < size && shift < 64; shift += 7) {
        uint64_t part = head[at] & 0x7F;
        if (shift == 63 && part)
            return -1;
        value |= part << shift;
        if (!(head[at] & 0x80))
            return value >> 63 ? -1 : (int64_t)value;
    }
    return -1;
}

#define MOST_OF_HEAD 512
#define WANTED 20 /* bytes that hold two numbers */

/* Fill in what the deltas make that begin in a chunk, as far as it tells. */
static PyObject *declare(PyObject *self, PyObject *args)
{
    Py_buffer all[5]; /* chunk, offsets, lengths, flags, sizes */
    State *state = PyModule_GetState(self);
    uint8_t compressed[MOST_OF_HEAD + BEHIND_COMPRESSED] = {0}, head[WANTED + BEHIND_INFLATED];
    unsigned long long start;
    Py_ssize_t number, most;
    int failed = 0;
    if (!state || !PyArg_ParseTuple(args, "y*Ky*y*y*nw*n", all, &start, all + 1, all + 2, all + 3,
                                    &number, all + 4, &most))
        return NULL;
    const uint8_t *lengths = all[2].buf, *flags = all[3].buf;
    const uint64_t held = (uint64_t)all[0].len, *offsets = all[1].buf;
    uint64_t *sizes = all[4].buf;
    Py_ssize_t count = all[1].len / 8;
    if (number < 0 || most < 1 || most > MOST_OF_HEAD || all[2].len < count || all[3].len < count ||
        all[4].len < 8 * count) {
        PyErr_SetString(PyExc_ValueError, "arrays of different lengths");
        failed = 1;
    }
    for (; !failed && number < count; number++) {
        if (!flags[number])
            continue;
        uint64_t at = offsets[number] - start + lengths[number];
        if (offsets[number] < start || at >= held || held - at < (uint64_t)most)
            break;
        memcpy(compressed, (const uint8_t *)all[0].buf + at, (size_t)most);
        int64_t made = inflate_into(&state->inflater, compressed, (size_t)most, head, WANTED, 0);
        int64_t size = made < 0 ? -1 : declared(head, (Py_ssize_t)(made < WANTED ? made : WANTED));
        if (size < 0)
            break; /* somebody else looks closer */
        sizes[number] = (uint64_t)size;
    }
    for (int one = 0; one < 5; one++)
        PyBuffer_Release(all + one);
    return failed ? NULL : PyLong_FromSsize_t(number);
}

#define PER_OBJECT 1024 /* see families.py */
#define HEAVIEST (1ull << 62)
#define COLUMNS 6
#define ROW 41 /* bytes, and those of an id; see `layout` in base.py */

/* The objects of a pack or, if it is none, those in files of their own. */
typedef struct {
    unsigned long long low, high, limit;
    unsigned number; /* that of the pack, or of the first folder */
    int is_pack;
    Py_buffer all[COLUMNS]; /* offsets, lengths, positions, stored sizes, ids; or folders, ids */
} Source;

typedef struct {
    const uint32_t *order, *above;
    const uint8_t *wanted;
    const uint64_t *sizes;
    uint64_t *totals;
    size_t count, objects;
    Source *sources;
    Py_ssize_t held;
    Py_ssize_t width;
} Parting;

static void release_sources(Source *sources, Py_ssize_t held)
{
    for (Py_ssize_t one = 0; one < held; one++)
        for (int each = 0; each < COLUMNS; each++)
            if (sources[one].all[each].obj)
                PyBuffer_Release(sources[one].all + each);
    free(sources);
}

static int take_source(Source *to, PyObject *said)
{
    Py_buffer *all = to->all;
    if (!PyTuple_Check(said) ||
        !PyArg_ParseTuple(said, "KKIpKy*y*y*y*y*", &to->low, &to->high, &to->number, &to->is_pack,
                          &to->limit, all, all + 1, all + 2, all + 3, all + 4)) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_TypeError, "no source");
        memset(all, 0, sizeof to->all); /* what was taken was given back */
        return -1;
    }
    uint64_t count = to->high - to->low;
    int fits = to->low <= to->high && to->high < NONE;
    if (to->is_pack)
        fits = fits && (uint64_t)all[0].len == 8 * count && (uint64_t)all[1].len == count &&
               (uint64_t)all[2].len == 4 * count && (uint64_t)all[3].len == 8 * count;
    else
        fits = fits && (uint64_t)all[0].len == 4 * count;
    if (!fits)
        PyErr_SetString(PyExc_ValueError, "arrays of different lengths");
    return fits ? 0 : -1;
}

static const Source *source_of(const Parting *in, uint64_t number)
{
    Py_ssize_t low = 0, high = in->held;
    while (low < high) {
        Py_ssize_t middle = low + (high - low) / 2;
        if (in->sources[middle].high <= number)
            low = middle + 1;
        else
            high = middle;
    }
    return low < in->held && in->sources[low].low <= number ? in->sources + low : NULL;
}

/* One row: where an object is, its base and its id. */
static int put(const Parting *in, uint8_t *to, size_t here, uint32_t base, int silent)
{
    uint32_t number = in->order[here], source;
    const Source *from = source_of(in, number);
    if (!from) {
        PyErr_SetString(PyExc_ValueError, "an object of no source");
        return -1;
    }
    uint64_t mine = number - from->low, id = mine, size = in->sizes[number];
    uint64_t said[4] = {0, 0, size, size}; /* begin, end, stored, size */
    const Py_buffer *ids = from->all + 4;
    if (from->is_pack) {
        const uint64_t *offsets = from->all[0].buf;
        uint64_t last = mine + 1 < from->high - from->low ? offsets[mine + 1] : from->limit;
        source = from->number;
        said[0] = offsets[mine] + ((uint8_t *)from->all[1].buf)[mine];
        said[1] = last > said[0] ? last : said[0];
        said[2] = ((uint64_t *)from->all[3].buf)[mine];
        id = ((uint32_t *)from->all[2].buf)[mine];
    } else
        source = from->number + ((uint32_t *)from->all[0].buf)[mine];
    memcpy(to, &source, 4);
    memcpy(to + 4, said, 32);
    memcpy(to + 36, &base, 4);
    to[40] = (uint8_t)silent;
    if ((id + 1) * (uint64_t)in->width <= (uint64_t)ids->len)
        memcpy(to + ROW, (uint8_t *)ids->buf + id * (uint64_t)in->width, (size_t)in->width);
    else
        memset(to + ROW, 0, (size_t)in->width); /* nobody has named it */
    return 0;
}

static uint64_t least_of(uint64_t one, uint64_t other) { return one < other ? one : other; }

/* Where the part that begins at a place ends; what each object weighs with all above it is noted. */
static size_t end_of(const Parting *in, size_t begin, uint64_t most, uint64_t *count, uint64_t *bytes)
{
    uint64_t weight = 0;
    size_t here = begin;
    *count = *bytes = 0;
    for (; here < in->count; here++) {
        uint32_t number = in->order[here], base = in->above[here];
        if (number >= in->objects || (base != NONE && base >= here)) {
            PyErr_SetString(PyExc_ValueError, "an order of other objects");
            return 0;
        }
        uint64_t above = base == NONE ? 0 : in->totals[base], size = in->sizes[number];
        uint64_t own = least_of(size, HEAVIEST) + PER_OBJECT;
        in->totals[here] = least_of(above, HEAVIEST) + own;
        if (here > begin && weight >= most && above / 2 + above % 2 <= weight)
            break;
        weight = least_of(weight + own, 2 * HEAVIEST);
        if (in->wanted[number])
            ++*count, *bytes = least_of(*bytes + least_of(size, HEAVIEST), 2 * HEAVIEST);
    }
    return here;
}

/* The rows of a part, behind those of all that its first object is made from. */
static PyObject *rows_of(const Parting *in, size_t begin, size_t end)
{
    size_t above = 0, row = ROW + (size_t)in->width;
    for (uint32_t last = (uint32_t)begin, one; (one = in->above[last]) != NONE; last = one, above++)
        if (one >= last || in->order[one] >= in->objects) {
            PyErr_SetString(PyExc_ValueError, "an order of other objects");
            return NULL;
        }
    uint32_t *path = malloc((above + 1) * sizeof *path);
    PyObject *rows = path ? PyBytes_FromStringAndSize(NULL, (Py_ssize_t)((above + end - begin) * row))
                          : PyErr_NoMemory();
    uint8_t *to = rows ? (uint8_t *)PyBytes_AsString(rows) : NULL;
    int failed = !to;
    size_t left = above;
    for (uint32_t one = in->above[begin]; !failed && one != NONE; one = in->above[one])
        path[--left] = one;
    for (size_t one = 0; !failed && one < above; one++, to += row)
        failed = put(in, to, path[one], one ? (uint32_t)one - 1 : NONE, 1);
    for (size_t here = begin; !failed && here < end; here++, to += row) {
        uint32_t base = in->above[here];
        if (base != NONE && base >= begin)
            base = (uint32_t)(base - begin + above);
        else if (base != NONE) { /* of those above, ascending */
            size_t low = 0, high = above;
            while (low < high) {
                size_t middle = low + (high - low) / 2;
                if (path[middle] < base)
                    low = middle + 1;
                else
                    high = middle;
            }
            if (low == above || path[low] != base) {
                PyErr_SetString(PyExc_ValueError, "a base outside of the part");
                failed = 1;
                break;
            }
            base = (uint32_t)low;
        }
        failed = put(in, to, here, base, !in->wanted[in->order[here]]);
    }
    free(path);
    if (failed)
        Py_CLEAR(rows);
    return rows;
}

static PyObject *part(PyObject *self, PyObject *args)
{
    Py_buffer all[5]; /* order, above, wanted, sizes, totals */
    PyObject *sources, *result = NULL, *rows;
    Py_ssize_t begin, most;
    Parting in = {0};
    if (!PyArg_ParseTuple(args, "y*y*y*y*w*nnnO!", all, all + 1, all + 2, all + 3, all + 4, &begin,
                          &most, &in.width, &PyList_Type, &sources))
        return NULL;
    in.order = all[0].buf, in.above = all[1].buf, in.wanted = all[2].buf, in.sizes = all[3].buf;
    in.totals = all[4].buf;
    in.count = (size_t)all[0].len / 4, in.objects = (size_t)all[2].len;
    int fits = all[1].len == all[0].len && all[3].len / 8 == all[2].len &&
               (size_t)all[4].len / 8 >= in.count && in.objects < NONE && in.count < NONE &&
               begin >= 0 && (size_t)begin < in.count && most >= 0 && in.width > 0 &&
               in.width <= WITHIN;
    Py_ssize_t held = PyList_Size(sources);
    if (!fits)
        PyErr_SetString(PyExc_ValueError, "arrays of different lengths");
    else if (!(in.sources = calloc((size_t)held + 1, sizeof *in.sources)))
        PyErr_NoMemory(), fits = 0;
    for (; fits && in.held < held; in.held++)
        if (take_source(in.sources + in.held, PyList_GetItem(sources, in.held))) {
            fits = 0;
            in.held++; /* what it took is to be given back, too */
            break;
        }
    uint64_t count, bytes;
    size_t end = fits ? end_of(&in, (size_t)begin, (uint64_t)most, &count, &bytes) : 0;
    if (end && (rows = rows_of(&in, (size_t)begin, end)))
        result = Py_BuildValue("(nKKN)", (Py_ssize_t)end, (unsigned long long)count,
                               (unsigned long long)bytes, rows);
    release_sources(in.sources, in.sources ? in.held : 0);
    for (int one = 0; one < 5; one++)
        PyBuffer_Release(all + one);
    return result;
}

static PyMethodDef methods[] = {
    {"expand", expand, METH_VARARGS, NULL}, {"ascending", ascending, METH_VARARGS, NULL},
    {"rising", rising, METH_VARARGS, NULL}, {"headers", headers, METH_VARARGS, NULL},
    {"roots", roots, METH_VARARGS, NULL},   {"arrange", arrange, METH_VARARGS, NULL},
    {"declare", declare, METH_VARARGS, NULL}, {"part", part, METH_VARARGS, NULL},
#ifndef _WIN32
    {"make", make, METH_VARARGS, NULL},     {"walk", walk, METH_VARARGS, NULL},
#endif
    {NULL, NULL, 0, NULL},
};

static void dropped(void *module)
{
    State *state = PyModule_GetState(module);
    if (state) {
        free(state->compressed);
        free(state->inflated);
    }
}

static PyModuleDef_Slot slots[] = {{0, NULL}};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_accelerator", NULL, sizeof(State), methods, slots,
                                    NULL, NULL, dropped};

PyMODINIT_FUNC PyInit__accelerator(void) { return PyModuleDef_Init(&module); }
