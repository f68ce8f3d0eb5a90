/* The inner loops of the search; loops.py has them in Python and says what each does. And what of a text
   has to be searched, because it was not searched before (seen.py), and what hits lead to nothing
   (dead_ends.py).

   A text is cut into chunks where lines end. What hits in a chunk depends on its bytes, on so many
   before it (`width`) and on the one behind it, and on nothing else; so for a chunk that comes back with
   all of these, the answer is known. Chunks are known by digests under a key that is made anew for each
   run (NH, of which it is proven how seldom two texts have the same): nobody can make two that agree.

   Texts may be hostile, and so may be what hits in them: no byte is read and none written before its
   place is checked. */

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define WIDEST 512
#define LONGEST 1024  /* bytes of a chunk */
#define LINE 256      /* bytes in which the end of a line is looked for */
#define WORDS ((WIDEST + LONGEST + 1 + 7) / 8 + 1)
#define KEYS (2 * 2 * WORDS)
#define WAYS 8        /* places that a digest may stand at */
#define LARGEST_TABLE (1 << 30)
#define HITTING 65536 /* chunks with hits that are known at a time, about */
#define MOST_HITS (1 << 20)
#define NOWHERE (1ll << 60)

#ifdef __GNUC__ /* a digest stands anywhere in a large table */
#define FETCH(place) __builtin_prefetch(place)
#else
#define FETCH(place) (void)(place)
#endif

typedef struct {
    uint32_t end, number, back; /* the end is counted from the chunk's begin */
} Hit;

typedef struct {
    uint64_t place, tag; /* no tag is 0 */
} Digest;

typedef struct {
    uint64_t tag;
    uint32_t at, count;
} Known;

typedef struct {
    uint64_t begin, end;
    Digest digest;
    const Known *known;
    size_t first, count; /* its new hits */
    int is_new;
} Chunk;

typedef struct {
    uint64_t begin, end, offset;
} Window;

typedef struct {
    PyObject_HEAD
    Py_buffer table;
    uint64_t *clean, buckets;
    Known *hitting;
    Hit *hits;
    size_t held, room;
    uint64_t width;
    int busy;
    uint32_t key[KEYS];
} Seen;

typedef struct {
    Chunk *chunks;
    size_t count, room;
    Window *windows;
    size_t windowed;
    Hit *hits;
    size_t found, hit_room;
} Work;

static uint64_t word(const uint8_t *from)
{
    uint64_t value;
    memcpy(&value, from, 8);
    return value;
}

static uint64_t mixed(uint64_t value)
{
    value = (value ^ value >> 32) * 0xd6e8feb86659fd93u;
    value = (value ^ value >> 32) * 0xd6e8feb86659fd93u;
    return value ^ value >> 32;
}

static uint64_t product(uint64_t value, const uint32_t *key)
{
    return (uint64_t)((uint32_t)value + key[0]) * ((uint32_t)(value >> 32) + key[1]);
}

/* At most WIDEST + LONGEST + 1 bytes. */
static Digest digest(const uint32_t *key, const uint8_t *from, size_t size, uint64_t about)
{
    const uint32_t *other = key + 2 * WORDS;
    uint64_t a = product(about, key), b = product(about, other), value = 0;
    key += 2, other += 2;
#ifdef __SSE2__ /* the same, two products at a time */
    __m128i sums = _mm_setzero_si128(), others = sums;
    uint64_t said[4];
    for (; size >= 16; size -= 16, from += 16, key += 4, other += 4) {
        __m128i text = _mm_loadu_si128((const __m128i *)from);
        __m128i one = _mm_add_epi32(text, _mm_loadu_si128((const __m128i *)key));
        __m128i two = _mm_add_epi32(text, _mm_loadu_si128((const __m128i *)other));
        sums = _mm_add_epi64(sums, _mm_mul_epu32(one, _mm_srli_epi64(one, 32)));
        others = _mm_add_epi64(others, _mm_mul_epu32(two, _mm_srli_epi64(two, 32)));
    }
    memcpy(said, &sums, 16);
    memcpy(said + 2, &others, 16);
    a += said[0] + said[1], b += said[2] + said[3];
#endif
    for (; size >= 8; size -= 8, from += 8, key += 2, other += 2) {
        value = word(from);
        a += product(value, key), b += product(value, other);
    }
    if (size) {
        value = 0;
        memcpy(&value, from, size);
        a += product(value, key), b += product(value, other);
    }
    a = mixed(a);
    b ^= a << 32 | a >> 32;
    return (Digest){a, b | !b};
}

/* One of so many places, without a division; there are less than 2^32. */
static uint64_t place_of(Digest digest, uint64_t count) { return (digest.place >> 32) * count >> 32; }

static volatile uint64_t *bucket(const Seen *self, const Chunk *chunk)
{
    return self->clean + place_of(chunk->digest, self->buckets) * WAYS;
}

/* Whether it is known of a chunk what hits in it; where nothing does, it has no `known`. Other
   processes may write at the same time: a digest is written at once. */
static int is_known(const Seen *self, Chunk *chunk)
{
    volatile uint64_t *clean = bucket(self, chunk);
    chunk->known = NULL;
    for (int way = 0; way < WAYS; way++)
        if (clean[way] == chunk->digest.tag)
            return 1;
    const Known *known = self->hitting + (chunk->digest.place >> 20) % (HITTING / 4) * 4;
    for (int way = 0; way < 4; way++)
        if (known[way].tag == chunk->digest.tag) {
            chunk->known = known + way;
            return 1;
        }
    return 0;
}

static void learn(Seen *self, const Chunk *chunk, const Hit *hits)
{
    if (!chunk->count) {
        volatile uint64_t *clean = bucket(self, chunk);
        int way = 0;
        while (way < WAYS && clean[way])
            way++;
        clean[way < WAYS ? way : (int)(chunk->digest.tag % WAYS)] = chunk->digest.tag;
        return;
    }
    if (chunk->count > MOST_HITS - self->held) {
        memset(self->hitting, 0, HITTING * sizeof *self->hitting);
        self->held = 0;
        if (chunk->count > MOST_HITS)
            return;
    }
    if (self->held + chunk->count > self->room) {
        size_t room = 2 * (self->held + chunk->count);
        Hit *more = realloc(self->hits, room * sizeof *more);
        if (!more)
            return; /* then it is searched again */
        self->hits = more;
        self->room = room;
    }
    Known *known = self->hitting + (chunk->digest.place >> 20) % (HITTING / 4) * 4;
    int way = 0;
    while (way < 4 && known[way].tag)
        way++;
    known += way < 4 ? way : (int)(chunk->digest.tag % 4);
    *known = (Known){chunk->digest.tag, (uint32_t)self->held, (uint32_t)chunk->count};
    memcpy(self->hits + self->held, hits, chunk->count * sizeof *hits);
    self->held += chunk->count;
}

/* Whether a chunk may end where a line does: of four lines, one. What is looked at is in the line, so
   that text comes back in the same chunks. */
static int cuts(const uint8_t *text, uint64_t begin, uint64_t end)
{
    uint64_t first = 0, last = 0, size = end - begin;
    if (size < 8)
        memcpy(&first, text + begin, (size_t)size);
    else {
        first = word(text + begin);
        last = word(text + end - 8);
    }
    return (first + (last << 29 | last >> 35) + size) * 0x9e3779b97f4a7c15u >> 62 == 0;
}

/* Where the line that goes on at a place ends, or is cut. */
static uint64_t line(const uint8_t *text, uint64_t size, uint64_t at)
{
    uint64_t most = size - at < LINE ? size - at : LINE;
    const uint8_t *end = memchr(text + at, '\n', (size_t)most);
    return end ? (uint64_t)(end - text) + 1 : at + most;
}

/* Where a chunk begins, not far before a place. */
static uint64_t begin_of(const uint8_t *text, uint64_t at)
{
    uint64_t floor = at < 2 * LINE ? 0 : at - 2 * LINE, nearest = at, end = at;
    for (; end > floor && text[end - 1] != '\n'; end--)
        ;
    if (end > floor)
        nearest = end;
    while (end > floor) { /* a line ends here */
        uint64_t begin = end - 1;
        while (begin > floor && text[begin - 1] != '\n')
            begin--;
        if ((begin > floor || !floor) && end - begin <= LINE && cuts(text, begin, end))
            return end;
        end = begin;
    }
    return floor ? nearest : 0;
}

static int grown(void **items, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return 0;
    size_t more = 2 * *room + 64;
    void *made = realloc(*items, more * size);
    if (!made) {
        PyErr_NoMemory();
        return -1;
    }
    *items = made;
    *room = more;
    return 0;
}

/* The chunks in which what ends between two places ends. */
static int cut(Seen *self, Work *work, const uint8_t *text, uint64_t size, uint64_t after,
               uint64_t before)
{
    uint64_t at = begin_of(text, after), last = before - 1;
    if (work->count && at < work->chunks[work->count - 1].end)
        at = work->chunks[work->count - 1].end;
    while (at < last) {
        uint64_t begin, end = at;
        int is_line = !at || text[at - 1] == '\n', ends;
        do {
            begin = end;
            end = line(text, size, begin);
            ends = is_line && text[end - 1] == '\n' && cuts(text, begin, end);
            is_line = text[end - 1] == '\n';
        } while (!ends && end < size && end - at < LONGEST - LINE);
        if (grown((void **)&work->chunks, work->count, &work->room, sizeof *work->chunks))
            return -1;
        Chunk *chunk = work->chunks + work->count++;
        uint64_t lead = at < self->width ? at : self->width, behind = end < size;
        *chunk = (Chunk){.begin = at, .end = end};
        chunk->digest = digest(self->key, text + at - lead, (size_t)(lead + end - at + behind),
                               lead | (end - at) << 32 | behind << 63);
        FETCH((const void *)bucket(self, chunk));
        at = end;
    }
    return 0;
}

/* The stretches that have to be searched, ascending, apart, and how long they are together. */
static int window(Seen *self, Work *work, uint64_t size, uint64_t *total)
{
    *total = 0;
    for (size_t one = 0; one < work->count; one++)
        work->chunks[one].is_new = !is_known(self, work->chunks + one);
    work->windows = malloc((work->count + 1) * sizeof *work->windows);
    if (!work->windows) {
        PyErr_NoMemory();
        return -1;
    }
    for (size_t one = 0; one < work->count; one++) {
        const Chunk *chunk = work->chunks + one;
        if (!chunk->is_new)
            continue;
        uint64_t begin = chunk->begin < self->width ? 0 : chunk->begin - self->width;
        uint64_t end = chunk->end + (chunk->end < size);
        if (work->windowed && begin <= work->windows[work->windowed - 1].end)
            work->windows[work->windowed - 1].end = end;
        else
            work->windows[work->windowed++] = (Window){begin, end, 0};
    }
    for (size_t one = 0; one < work->windowed; one++) {
        work->windows[one].offset = *total;
        *total += work->windows[one].end - work->windows[one].begin;
    }
    return 0;
}

/* The numbers of a hit; 0 if it is none. */
static int numbers(PyObject *hit, uint64_t said[3])
{
    if (!PyTuple_Check(hit) || PyTuple_Size(hit) != 3) {
        PyErr_SetString(PyExc_TypeError, "a hit is three numbers");
        return 0;
    }
    for (int one = 0; one < 3; one++) {
        said[one] = PyLong_AsUnsignedLongLong(PyTuple_GetItem(hit, one));
        if (said[one] == (uint64_t)-1 && PyErr_Occurred())
            return 0;
    }
    if (said[1] > UINT32_MAX || said[2] > UINT32_MAX) {
        PyErr_SetString(PyExc_ValueError, "a hit with numbers beyond all bounds");
        return 0;
    }
    return 1;
}

/* Give each new chunk the hits that end in it, without those of a gate that begin where another in the
   chunk does. */
static int place(Work *work, PyObject *found)
{
    size_t in = 0, chunk = 0;
    uint64_t before = 0;
    Py_ssize_t count = PyList_Size(found);
    for (Py_ssize_t one = 0; one < count; one++) {
        uint64_t said[3];
        if (!numbers(PyList_GetItem(found, one), said))
            return -1;
        if (said[0] < before) {
            PyErr_SetString(PyExc_ValueError, "hits out of order");
            return -1;
        }
        before = said[0];
        while (in < work->windowed && said[0] > work->windows[in].offset + work->windows[in].end -
                                                   work->windows[in].begin)
            in++;
        if (in == work->windowed)
            break;
        uint64_t end = said[0] - work->windows[in].offset + work->windows[in].begin;
        while (chunk < work->count && work->chunks[chunk].end < end)
            chunk++;
        if (chunk == work->count)
            break;
        Chunk *at = work->chunks + chunk;
        if (!at->is_new || end <= at->begin)
            continue;
        Hit hit = {(uint32_t)(end - at->begin), (uint32_t)said[1], (uint32_t)said[2]};
        int is_repeated = 0;
        for (size_t other = at->first; hit.back && other < at->first + at->count; other++)
            is_repeated |= work->hits[other].number == hit.number && work->hits[other].back &&
                           work->hits[other].end - work->hits[other].back == hit.end - hit.back;
        if (is_repeated)
            continue;
        if (grown((void **)&work->hits, work->found, &work->hit_room, sizeof *work->hits))
            return -1;
        if (!at->count)
            at->first = work->found;
        at->count++;
        work->hits[work->found++] = hit;
    }
    return 0;
}

/* All hits of the chunks that end inside of the spans. */
static PyObject *told(const Seen *self, const Work *work, const uint64_t *spans, size_t count)
{
    PyObject *result = PyList_New(0);
    size_t in = 0;
    for (size_t one = 0; result && one < work->count; one++) {
        const Chunk *chunk = work->chunks + one;
        const Hit *hits = chunk->is_new ? work->hits + chunk->first
                          : chunk->known ? self->hits + chunk->known->at
                                         : NULL;
        size_t left = chunk->is_new ? chunk->count : chunk->known ? chunk->known->count : 0;
        for (; left; left--, hits++) {
            uint64_t end = chunk->begin + hits->end;
            while (in < count && spans[2 * in + 1] <= end)
                in++;
            if (in == count)
                return result;
            if (end <= spans[2 * in])
                continue;
            PyObject *hit = Py_BuildValue("(KII)", (unsigned long long)end, (unsigned)hits->number,
                                          (unsigned)hits->back);
            if (!hit || PyList_Append(result, hit)) {
                Py_XDECREF(hit);
                Py_CLEAR(result);
                break;
            }
            Py_DECREF(hit);
        }
    }
    return result;
}

static PyObject *joined(const Work *work, PyObject *content, const uint8_t *text, uint64_t size,
                        uint64_t total)
{
    if (total == size) {
        Py_INCREF(content);
        return content;
    }
    PyObject *made = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)total);
    char *to = made ? PyBytes_AsString(made) : NULL;
    for (size_t one = 0; to && one < work->windowed; one++) {
        const Window *window = work->windows + one;
        memcpy(to + window->offset, text + window->begin, (size_t)(window->end - window->begin));
    }
    return made;
}

static uint64_t *checked(PyObject *spans, uint64_t size, size_t *count)
{
    *count = (size_t)PyList_Size(spans);
    uint64_t *made = malloc((2 * *count + 1) * sizeof *made), floor = 0;
    if (!made)
        PyErr_NoMemory();
    for (size_t one = 0; made && one < *count; one++) {
        unsigned long long after, before;
        PyObject *span = PyList_GetItem(spans, (Py_ssize_t)one);
        if (!PyTuple_Check(span) || !PyArg_ParseTuple(span, "KK", &after, &before) ||
            after < floor || before <= after || before > size + 1) {
            if (!PyErr_Occurred())
                PyErr_SetString(PyExc_ValueError, "spans ascend, apart, in the text");
            free(made);
            return NULL;
        }
        made[2 * one] = after;
        made[2 * one + 1] = floor = before;
    }
    return made;
}

static PyObject *search(Seen *self, PyObject *args)
{
    PyObject *content, *spans, *function, *text = NULL, *found = NULL, *result = NULL;
    if (!PyArg_ParseTuple(args, "SO!O", &content, &PyList_Type, &spans, &function))
        return NULL;
    const uint8_t *bytes = (const uint8_t *)PyBytes_AsString(content);
    uint64_t size = (uint64_t)PyBytes_Size(content), total, *between;
    size_t count;
    Work work = {0};
    if (self->busy) {
        PyErr_SetString(PyExc_RuntimeError, "a search inside of a search");
        return NULL;
    }
    if (!(between = checked(spans, size, &count)))
        return NULL;
    self->busy = 1;
    for (size_t one = 0; one < count; one++)
        if (cut(self, &work, bytes, size, between[2 * one], between[2 * one + 1]))
            goto done;
    if (window(self, &work, size, &total))
        goto done;
    if (work.windowed) {
        text = joined(&work, content, bytes, size, total);
        found = text ? PyObject_CallFunctionObjArgs(function, text, NULL) : NULL;
        if (found && !PyList_Check(found))
            PyErr_SetString(PyExc_TypeError, "hits come in a list");
        if (!found || !PyList_Check(found) || place(&work, found))
            goto done;
    }
    result = told(self, &work, between, count);
    for (size_t one = 0; result && one < work.count; one++)
        if (work.chunks[one].is_new)
            learn(self, work.chunks + one, work.hits + work.chunks[one].first);
done:
    self->busy = 0;
    Py_XDECREF(text);
    Py_XDECREF(found);
    free(between);
    free(work.chunks);
    free(work.windows);
    free(work.hits);
    return result;
}

static PyObject *made(PyTypeObject *type, PyObject *args, PyObject *names)
{
    Py_buffer table;
    const char *key;
    Py_ssize_t size, width;
    if (!PyArg_ParseTuple(args, "w*y#n", &table, &key, &size, &width))
        return NULL;
    Seen *self = NULL;
    if (size < (Py_ssize_t)sizeof self->key || width < 0 || width > WIDEST ||
        table.len < 8 * WAYS || table.len > LARGEST_TABLE || (uintptr_t)table.buf % 8)
        PyErr_SetString(PyExc_ValueError, "a key or a table of a wrong size, or too great a width");
    else
        self = (Seen *)((allocfunc)PyType_GetSlot(type, Py_tp_alloc))(type, 0);
    if (!self) {
        PyBuffer_Release(&table);
        return NULL;
    }
    self->table = table;
    self->clean = table.buf;
    self->buckets = (uint64_t)table.len / 8 / WAYS;
    self->width = (uint64_t)width;
    memcpy(self->key, key, sizeof self->key);
    self->hitting = calloc(HITTING, sizeof *self->hitting);
    if (!self->hitting) {
        Py_DECREF(self);
        return PyErr_NoMemory();
    }
    return (PyObject *)self;
}

static void dropped(Seen *self)
{
    PyTypeObject *type = Py_TYPE((PyObject *)self);
    free(self->hitting);
    free(self->hits);
    PyBuffer_Release(&self->table);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

static PyMethodDef of_seen[] = {
    {"search", (PyCFunction)search, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot seen_slots[] = {
    {Py_tp_new, made}, {Py_tp_dealloc, dropped}, {Py_tp_methods, of_seen}, {0, NULL},
};

static PyType_Spec seen = {"keymuster.detect._accelerator.Seen", sizeof(Seen), 0, Py_TPFLAGS_DEFAULT,
                           seen_slots};

/* The numbers in a tuple; 0 if it is no tuple of so many. */
static int whole(PyObject *tuple, int64_t *said, int count)
{
    if (!PyTuple_Check(tuple) || PyTuple_Size(tuple) != count) {
        PyErr_SetString(PyExc_TypeError, "a tuple of other numbers");
        return 0;
    }
    for (int one = 0; one < count; one++) {
        said[one] = PyLong_AsLongLong(PyTuple_GetItem(tuple, one));
        if (said[one] == -1 && PyErr_Occurred())
            return 0;
    }
    return 1;
}

static int appended(PyObject *list, PyObject *item)
{
    int failed = !item || PyList_Append(list, item);
    Py_XDECREF(item);
    return failed ? -1 : 0;
}

static PyObject *planned(PyObject *module, PyObject *args)
{
    PyObject *kept;
    long long size, other, width, done = 0;
    if (!PyArg_ParseTuple(args, "OLLL", &kept, &size, &other, &width))
        return NULL;
    PyObject *runs = PyList_New(0), *spans = PyList_New(0), *items = PySequence_List(kept);
    Py_ssize_t count = items ? PyList_Size(items) : 0;
    int failed = !runs || !spans || !items;
    for (Py_ssize_t one = 0; !failed && one < count; one++) {
        int64_t said[3];
        if (!whole(PyList_GetItem(items, one), said, 3)) {
            failed = 1;
            break;
        }
        long long here = said[0], there = said[1], length = said[2];
        int begins = !here && !there, ends = here + length == size && there + length == other;
        long long first = begins ? 0 : here + width + 1, last = here + length - !ends;
        if (first >= last)
            continue;
        if (first - done > 1)
            failed = appended(spans, Py_BuildValue("(LL)", done, first));
        failed = failed || appended(runs, Py_BuildValue("(LLLLL)", first, last, here - there,
                                                        begins ? -NOWHERE : here,
                                                        ends ? NOWHERE : here + length));
        done = last;
    }
    if (!failed && PyList_Size(runs) && size > done)
        failed = appended(spans, Py_BuildValue("(LL)", done, size + 1));
    Py_XDECREF(items);
    PyObject *result = failed ? NULL : PyTuple_Pack(2, runs, spans);
    Py_XDECREF(runs);
    Py_XDECREF(spans);
    return result;
}

/* How many of ascending numbers are below one, or, if `through`, not above it. */
static Py_ssize_t below(PyObject *numbers, Py_ssize_t low, int64_t than, int through)
{
    Py_ssize_t high = PyList_Size(numbers);
    while (low < high) {
        Py_ssize_t middle = low + (high - low) / 2;
        int64_t one = PyLong_AsLongLong(PyList_GetItem(numbers, middle));
        if (one == -1 && PyErr_Occurred())
            return -1;
        if (one < than || (through && one == than))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

typedef struct {
    PyObject *ends, *marks, *answers, *far;
} Hits;

static int add_new(Hits *to, PyObject *found, Py_ssize_t *at, int64_t before)
{
    Py_ssize_t count = PyList_Size(found);
    for (; *at < count; ++*at) {
        PyObject *hit = PyList_GetItem(found, *at);
        int64_t said[3];
        if (!whole(hit, said, 3))
            return -1;
        if (said[0] >= before)
            return 0;
        if (PyList_Append(to->ends, PyTuple_GetItem(hit, 0)) ||
            appended(to->marks, PyTuple_GetSlice(hit, 1, 3)) ||
            PyList_Append(to->answers, Py_None))
            return -1;
    }
    return 0;
}

/* Drop an answer in which something had a say that is not kept; say whether it is one of those that
   depend on more than what is near. -1 if it is no answer. */
static int checked_answer(Hits *to, Py_ssize_t at, const int64_t run[5], int64_t near)
{
    PyObject *answer = PyList_GetItem(to->answers, at);
    if (!answer || answer == Py_None)
        return answer ? 0 : -1;
    if (!PyTuple_Check(answer) || PyTuple_Size(answer) != 4) {
        PyErr_SetString(PyExc_TypeError, "no answer");
        return -1;
    }
    int64_t lead = PyLong_AsLongLong(PyTuple_GetItem(answer, 0));
    int64_t rest = PyLong_AsLongLong(PyTuple_GetItem(answer, 1));
    int64_t end = PyLong_AsLongLong(PyList_GetItem(to->ends, at));
    if (PyErr_Occurred())
        return -1;
    if (end - lead < run[3] || end + rest > run[4]) {
        Py_INCREF(Py_None);
        return PyList_SetItem(to->answers, at, Py_None);
    }
    if (lead <= near && rest <= near)
        return 0;
    PyObject *number = PyLong_FromSsize_t(at);
    int failed = !number || PySet_Add(to->far, number);
    Py_XDECREF(number);
    return failed ? -1 : 0;
}

static int inherit(Hits *to, const Hits *other, PyObject *far, const int64_t run[5], int64_t near)
{
    int64_t shift = run[2];
    Py_ssize_t begin = below(other->ends, 0, run[0] - shift, 0);
    Py_ssize_t stop = begin < 0 ? -1 : below(other->ends, begin, run[1] - shift, 1);
    if (stop < 0 || begin == stop)
        return stop < 0 ? -1 : 0;
    Py_ssize_t base = PyList_Size(to->ends);
    if (stop > PyList_Size(other->marks) || stop > PyList_Size(other->answers)) {
        PyErr_SetString(PyExc_ValueError, "lists of different lengths");
        return -1;
    }
    for (Py_ssize_t one = begin; one < stop; one++) {
        PyObject *end = PyList_GetItem(other->ends, one);
        int64_t moved = shift ? PyLong_AsLongLong(end) : 0;
        if (moved == -1 && PyErr_Occurred())
            return -1;
        int failed = shift ? appended(to->ends, PyLong_FromLongLong(moved + shift))
                           : PyList_Append(to->ends, end);
        if (failed || PyList_Append(to->marks, PyList_GetItem(other->marks, one)) ||
            PyList_Append(to->answers, PyList_GetItem(other->answers, one)))
            return -1;
    }
    Py_ssize_t count = base + stop - begin;
    Py_ssize_t left = below(to->ends, base, run[3] + near, 1);
    Py_ssize_t right = left < 0 ? -1 : below(to->ends, left, run[4] - near, 0);
    if (right < 0)
        return -1;
    for (Py_ssize_t at = base; at < count; at++) {
        if (at == left && right > left)
            at = right;
        if (at < count && checked_answer(to, at, run, near))
            return -1;
    }
    Py_ssize_t further = PyList_Size(far);
    for (Py_ssize_t one = 0; one < further; one++) {
        Py_ssize_t at = PyLong_AsSsize_t(PyList_GetItem(far, one));
        if (at == -1 && PyErr_Occurred())
            return -1;
        if (at >= begin && at < stop && checked_answer(to, base + at - begin, run, near))
            return -1;
    }
    return 0;
}

static PyObject *merged(PyObject *module, PyObject *args)
{
    PyObject *found, *runs, *far;
    Hits other, to = {PyList_New(0), PyList_New(0), PyList_New(0), PySet_New(NULL)};
    long long near;
    Py_ssize_t at = 0;
    int failed = !to.ends || !to.marks || !to.answers || !to.far ||
                 !PyArg_ParseTuple(args, "O!O!O!O!O!OL", &PyList_Type, &found, &PyList_Type, &runs,
                                   &PyList_Type, &other.ends, &PyList_Type, &other.marks, &PyList_Type,
                                   &other.answers, &other.far, &near);
    far = failed ? NULL : PySequence_List(other.far);
    failed = failed || !far;
    Py_ssize_t count = failed ? 0 : PyList_Size(runs);
    for (Py_ssize_t one = 0; !failed && one < count; one++) {
        int64_t run[5];
        failed = !whole(PyList_GetItem(runs, one), run, 5) || add_new(&to, found, &at, run[0]) ||
                 inherit(&to, &other, far, run, near);
    }
    failed = failed || add_new(&to, found, &at, INT64_MAX);
    PyObject *result = failed ? NULL : PyTuple_Pack(4, to.ends, to.marks, to.answers, to.far);
    Py_XDECREF(to.ends);
    Py_XDECREF(to.marks);
    Py_XDECREF(to.answers);
    Py_XDECREF(to.far);
    Py_XDECREF(far);
    return result;
}

static PyObject *grouped(PyObject *module, PyObject *args)
{
    PyObject *ends, *marks, *groups;
    long long first;
    if (!PyArg_ParseTuple(args, "O!O!LO!", &PyList_Type, &ends, &PyList_Type, &marks, &first,
                          &PyList_Type, &groups))
        return NULL;
    PyObject *result = PyDict_New();
    Py_ssize_t count = PyList_Size(marks);
    if (result && count != PyList_Size(ends)) {
        PyErr_SetString(PyExc_ValueError, "lists of different lengths");
        Py_CLEAR(result);
    }
    for (Py_ssize_t one = 0; result && one < count; one++) {
        int64_t said[2];
        if (!whole(PyList_GetItem(marks, one), said, 2)) {
            Py_CLEAR(result);
            break;
        }
        if (said[0] < first)
            continue;
        PyObject *number = PyList_GetItem(groups, (Py_ssize_t)(said[0] - first));
        PyObject *list = number ? PyDict_GetItemWithError(result, number) : NULL;
        int failed = 0;
        if (number && !list && !PyErr_Occurred()) {
            list = PyList_New(0);
            failed = !list || PyDict_SetItem(result, number, list);
            Py_XDECREF(list); /* which the dictionary holds */
        }
        if (failed || !list || PyList_Append(list, PyList_GetItem(ends, one)))
            Py_CLEAR(result);
    }
    return result;
}

static int stands(const uint8_t *text, int64_t begin, int64_t end, const uint8_t *mark, int64_t size)
{
    while (end - begin >= size) {
        const uint8_t *at = memchr(text + begin, mark[0], (size_t)(end - begin - size + 1));
        if (!at)
            return 0;
        if (!memcmp(at, mark, (size_t)size))
            return 1;
        begin = at - text + 1;
    }
    return 0;
}

static PyObject *stands_anew(PyObject *module, PyObject *args)
{
    const char *text, *mark;
    Py_ssize_t held, size;
    PyObject *kept;
    if (!PyArg_ParseTuple(args, "y#Oy#", &text, &held, &kept, &mark, &size))
        return NULL;
    PyObject *items = PySequence_List(kept);
    if (!items || !size) {
        Py_XDECREF(items);
        return items ? PyErr_Format(PyExc_ValueError, "a mark of nothing") : NULL;
    }
    Py_ssize_t count = PyList_Size(items);
    int64_t at = 0, said[3];
    int is_there = 0, failed = 0;
    for (Py_ssize_t one = 0; one <= count && !is_there; one++) {
        int64_t end = held;
        if (one < count) {
            if ((failed = !whole(PyList_GetItem(items, one), said, 3)))
                break;
            if (said[0] < at || said[2] < 0 || said[0] > held || said[2] > held - said[0]) {
                PyErr_SetString(PyExc_ValueError, "stretches ascend, apart, in the text");
                failed = 1;
                break;
            }
            end = said[0] + size < held ? said[0] + size : held;
        }
        is_there = stands((const uint8_t *)text, at < size ? 0 : at - size, end,
                          (const uint8_t *)mark, size);
        at = one < count ? said[0] + said[2] : held;
    }
    Py_DECREF(items);
    return failed ? NULL : PyBool_FromLong(is_there);
}

#define BESIDE 256
#define WORD 4096
#define TOGETHER 65536

static int breaks(uint8_t byte)
{
    return byte == '\n' || byte == '\t' || byte == ' ' || byte == '"' || byte == '\'' || byte == '<' ||
           byte == '>';
}

static int64_t left_of(const uint8_t *text, int64_t at)
{
    int64_t floor = at < BESIDE ? 0 : at - BESIDE;
    int64_t lowest = floor < WORD ? 0 : floor - WORD, begin = at;
    while (begin > floor && text[begin - 1] != '\n')
        begin--;
    if (begin > floor || !floor)
        return begin;
    while (begin > lowest && !breaks(text[begin - 1]))
        begin--;
    return begin;
}

static int64_t right_of(const uint8_t *text, int64_t size, int64_t at)
{
    int64_t ceiling = size - at < BESIDE ? size : at + BESIDE;
    int64_t highest = size - ceiling < WORD ? size : ceiling + WORD;
    const uint8_t *line = memchr(text + at, '\n', (size_t)(ceiling - at));
    if (line)
        return line - text;
    while (ceiling < highest && !breaks(text[ceiling]))
        ceiling++;
    return ceiling;
}

static PyObject *stretches(PyObject *module, PyObject *args)
{
    const char *text;
    Py_ssize_t size;
    PyObject *ends;
    if (!PyArg_ParseTuple(args, "y#O!", &text, &size, &PyList_Type, &ends))
        return NULL;
    PyObject *result = PyList_New(0);
    Py_ssize_t count = PyList_Size(ends), at = 0;
    int64_t first = 0, last = 0;
    for (; result && at <= count; at++) {
        int64_t end = INT64_MAX;
        if (at < count) {
            end = PyLong_AsLongLong(PyList_GetItem(ends, at));
            if (end < 1 || end > size || end < last) {
                if (!PyErr_Occurred())
                    PyErr_SetString(PyExc_ValueError, "ends ascend, in the text");
                Py_CLEAR(result);
                break;
            }
        }
        if (first && end - last < BESIDE && end - first < TOGETHER) {
            last = end;
            continue;
        }
        if (first &&
            appended(result,
                     Py_BuildValue("(LL)", (long long)left_of((const uint8_t *)text, first - 1),
                                   (long long)right_of((const uint8_t *)text, size, last))))
            Py_CLEAR(result);
        first = last = end;
    }
    return result;
}

static PyObject *same(PyObject *module, PyObject *args)
{
    const char *text, *other;
    Py_ssize_t size, held, here, there, done = 0;
    if (!PyArg_ParseTuple(args, "y#ny#n", &text, &size, &here, &other, &held, &there))
        return NULL;
    if (here < 0 || here > size || there < 0 || there > held) {
        PyErr_SetString(PyExc_ValueError, "an offset outside of a text");
        return NULL;
    }
    Py_ssize_t most = size - here < held - there ? size - here : held - there;
    while (most - done >= 8 && word((const uint8_t *)text + here + done) ==
                                   word((const uint8_t *)other + there + done))
        done += 8;
    while (done < most && text[here + done] == other[there + done])
        done++;
    return PyLong_FromSsize_t(done);
}

#define WINDOW 100
#define BASE 37

static const uint8_t *kept_from(const uint8_t *at, const uint8_t *end)
{
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    return at;
}

/* See collect/line_hash.py, which does the same for all texts: a value, and how often it occurred. None
   for what is not plain: line ends of other kinds, letters beyond ASCII, too few of them. */
static PyObject *line_hash(PyObject *module, PyObject *args)
{
    const char *content;
    Py_ssize_t size, line;
    uint8_t window[WINDOW];
    uint64_t value = 0, count = 0;
    if (!PyArg_ParseTuple(args, "y#n", &content, &size, &line))
        return NULL;
    const uint8_t *text = (const uint8_t *)content, *end = text + size, *begin = text, *at;
    for (; line > 1 && begin < end; line--) {
        at = memchr(begin, '\n', (size_t)(end - begin));
        begin = at ? at + 1 : end;
    }
    at = begin;
    for (int one = 0; one < WINDOW; one++) {
        at = kept_from(at, end);
        if (at == end || *at & 0x80)
            Py_RETURN_NONE;
        window[one] = *at++;
        value = value * BASE + window[one];
    }
    if (memchr(text, '\r', (size_t)(at - text)))
        Py_RETURN_NONE;
    for (const uint8_t *each = text; each && each <= begin;) {
        int one = 0;
        for (at = kept_from(each, end); one < WINDOW && at < end && *at == window[one]; one++)
            at = kept_from(at + 1, end);
        count += one == WINDOW;
        each = memchr(each, '\n', (size_t)(end - each));
        each = each ? each + 1 : NULL;
    }
    return Py_BuildValue("(KK)", (unsigned long long)value, (unsigned long long)count);
}

/* Trees of values/weighing.py, one node behind the other: what is left of one follows it. */

#define DEEPEST_TREE 64
#define MOST_SIGNALS 512

typedef struct {
    double value; /* of a leaf, or that up to which it goes to the left */
    int32_t signal; /* -1 for a leaf */
    uint32_t right;
} Node;

typedef struct {
    PyObject_HEAD
    Node *nodes;
    size_t count, room;
    int32_t signals; /* that are asked */
} Trees;

static int take_tree(Trees *self, PyObject *tree, int depth)
{
    if (grown((void **)&self->nodes, self->count, &self->room, sizeof *self->nodes))
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
    if (PyErr_Occurred() || signal < 0 || signal >= MOST_SIGNALS) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_ValueError, "no tree of a signal");
        return -1;
    }
    if (signal >= self->signals)
        self->signals = (int32_t)signal + 1;
    if (take_tree(self, PyList_GetItem(tree, 3), depth + 1))
        return -1;
    self->nodes[here] = (Node){most, (int32_t)signal, (uint32_t)self->count};
    return take_tree(self, PyList_GetItem(tree, 4), depth + 1);
}

static void dropped_trees(Trees *self)
{
    PyTypeObject *type = Py_TYPE((PyObject *)self);
    free(self->nodes);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

static PyObject *made_trees(PyTypeObject *type, PyObject *args, PyObject *names)
{
    PyObject *trees;
    if (!PyArg_ParseTuple(args, "O!", &PyTuple_Type, &trees))
        return NULL;
    Trees *self = (Trees *)((allocfunc)PyType_GetSlot(type, Py_tp_alloc))(type, 0);
    for (Py_ssize_t one = 0; self && one < PyTuple_Size(trees); one++)
        if (take_tree(self, PyTuple_GetItem(trees, one), 0))
            Py_CLEAR(self);
    return (PyObject *)self;
}

static PyObject *sum(Trees *self, PyObject *signals)
{
    double said[MOST_SIGNALS], total = 0;
    if (!PyList_Check(signals) || PyList_Size(signals) < self->signals) {
        PyErr_SetString(PyExc_ValueError, "other signals than the trees are for");
        return NULL;
    }
    for (int32_t one = 0; one < self->signals; one++) {
        PyObject *signal = PyList_GetItem(signals, one);
        said[one] = PyLong_Check(signal) ? PyLong_AsDouble(signal) : PyFloat_AsDouble(signal);
    }
    if (PyErr_Occurred())
        return NULL;
    for (size_t one = 0; one < self->count; one++) {
        size_t at = one, last = one; /* the last node of a tree is on the right of all others */
        while (self->nodes[last].signal >= 0)
            last = self->nodes[last].right;
        while (self->nodes[at].signal >= 0)
            at = said[self->nodes[at].signal] <= self->nodes[at].value ? at + 1
                                                                        : self->nodes[at].right;
        total += self->nodes[at].value;
        one = last;
    }
    return PyFloat_FromDouble(total);
}

static PyMethodDef of_trees[] = {
    {"sum", (PyCFunction)sum, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot trees_slots[] = {
    {Py_tp_new, made_trees}, {Py_tp_dealloc, dropped_trees}, {Py_tp_methods, of_trees}, {0, NULL},
};

static PyType_Spec trees = {"keymuster.detect._accelerator.Trees", sizeof(Trees), 0,
                            Py_TPFLAGS_DEFAULT, trees_slots};

/* Hits that led to nothing; see dead_ends.py. An entry is written in two halves, which other processes
   may see apart: the first is only right beside the second. */

#define LEAD_IN_LINE 336
#define LEAD 400
#define LEAD_OF_WORD 128
#define REST 256
#define ABOUT 16
#define REACH 81 /* bytes behind a word in which a value may begin, and what else has a say there */
#define DEEPEST 44
#define INDENT 40
#define FURTHEST 172
#define BEFORE_WORD 80
#define SIDE 0x7fff

typedef struct {
    uint64_t guarded, what;
} Entry;

typedef struct {
    uint32_t length, least;
    uint8_t characters[32]; /* a bit for each */
} Word;

typedef struct {
    PyObject_HEAD
    Py_buffer table;
    Entry *entries;
    uint64_t sets;
    Word *words;
    int64_t first, count;
    PyObject *none; /* the answer that is no answer */
    uint32_t key[KEYS];
} DeadEnds;

typedef struct {
    const uint8_t *text;
    int64_t size;
    const char *about;
    int64_t number, back, end;
} Place;

typedef struct {
    Digest digest;
    int64_t lead, rest;
    int begins, ends; /* whether the content does there */
} Around;

static int is_space(uint8_t byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r'); }

static void around(const DeadEnds *self, const Place *at, int64_t begin, int64_t stop, Around *found)
{
    uint8_t all[4 * 8 + ABOUT + LEAD + REST];
    int64_t said[4] = {at->number, at->back, at->end - begin, stop - at->end};
    *found = (Around){.lead = said[2], .rest = said[3], .begins = !begin, .ends = stop == at->size};
    memcpy(all, said, sizeof said);
    memcpy(all + sizeof said, at->about, ABOUT);
    memcpy(all + sizeof said + ABOUT, at->text + begin, (size_t)(stop - begin));
    found->digest = digest(self->key, all, sizeof said + ABOUT + (size_t)(stop - begin),
                           (uint64_t)found->begins << 1 | (uint64_t)found->ends);
}

/* How many there are. */
static int arounds(const DeadEnds *self, const Place *at, Around found[2])
{
    const uint8_t *text = at->text;
    int64_t end = at->end, stop = at->size - end < REST ? at->size : end + REST;
    if (at->number >= self->first) {
        around(self, at, end < LEAD_OF_WORD ? 0 : end - LEAD_OF_WORD, stop, found);
        return 1;
    }
    int64_t floor = end < LEAD_IN_LINE ? 0 : end - LEAD_IN_LINE;
    int64_t begin = end - at->back < floor ? floor : end - at->back, last = stop;
    while (begin > floor && text[begin - 1] != '\n')
        begin--;
    begin -= begin > floor;
    const uint8_t *line = memchr(text + end, '\n', (size_t)(stop - end));
    if (line) {
        last = line - text;
        while (last < stop && is_space(text[last]))
            last++;
        last = stop - last < 2 ? stop : last + 2;
    }
    around(self, at, begin, last, found);
    around(self, at, end < LEAD ? 0 : end - LEAD, stop, found + 1);
    return 2;
}

static Entry *set_of(const DeadEnds *self, const Around *one)
{
    return self->entries + place_of(one->digest, self->sets) * 4;
}

/* What is known of a hit there, or 0. */
static uint64_t known_of(const DeadEnds *self, const Around *one)
{
    const volatile Entry *entry = set_of(self, one);
    for (int way = 0; way < 4; way++) {
        uint64_t what = entry[way].what;
        if (what && (entry[way].guarded ^ what) == one->digest.tag)
            return what;
    }
    return 0;
}

static void know(DeadEnds *self, const Around *one, uint64_t what)
{
    volatile Entry *entry = set_of(self, one);
    int way = 0;
    while (way < 4 && entry[way].what)
        way++;
    way = way < 4 ? way : (int)(one->digest.tag % 4);
    entry[way].guarded = one->digest.tag ^ what;
    entry[way].what = what;
}

/* How many bytes behind a word show that there is no value; 0 if they do not. */
static int64_t nothing_behind(const Word *word, const uint8_t *text, int64_t size, int64_t at)
{
    int64_t reach = size - at < REACH ? size : at + REACH, stop = at + REACH, next = 0;
    const uint8_t *found = memchr(text + at, '\n', (size_t)(reach - at));
    if (found) {
        int64_t line = found - text, last = line - 1, most = size - at < REACH + DEEPEST
                                                                 ? size
                                                                 : at + REACH + DEEPEST;
        last -= last > 0 && text[last] == '\r';
        stop = line;
        if (last >= 0 && memchr(">=:([,", text[last], 6)) {
            int64_t indent = line + 1 + INDENT < most ? line + 1 + INDENT : most;
            for (next = line + 1; next < indent && (text[next] == ' ' || text[next] == '\t'); next++)
                ;
            next += next < most && (text[next] == '"' || text[next] == '\'' || text[next] == '`');
        }
    }
    int64_t end = (next > stop ? next : stop) + word->least, last = end < size ? end : size, run = 0;
    for (int64_t one = at; one < last; one++) {
        run = word->characters[text[one] >> 3] & 1 << (text[one] & 7) ? run + 1 : 0;
        if (run >= word->least)
            return 0;
    }
    return end - at > FURTHEST ? end - at : FURTHEST;
}

static int is_again(PyObject *ends, PyObject *marks, Py_ssize_t at, const int64_t mark[2], int64_t end)
{
    for (Py_ssize_t one = at - 1; one >= 0; one--) {
        int64_t other[2], before = PyLong_AsLongLong(PyList_GetItem(ends, one));
        if (PyErr_Occurred() || !whole(PyList_GetItem(marks, one), other, 2))
            return -1;
        if (before <= end - mark[1])
            return 0;
        if (other[0] == mark[0] && other[1] == before - (end - mark[1]))
            return 1;
    }
    return 0;
}

/* The answer to a hit, if it leads to nothing; else NULL, maybe with an error. */
static PyObject *answer_to(const DeadEnds *self, Place *at, PyObject *ends, PyObject *marks,
                           Py_ssize_t one, int binary)
{
    int64_t mark[2];
    at->end = PyLong_AsLongLong(PyList_GetItem(ends, one));
    if (PyErr_Occurred() || !whole(PyList_GetItem(marks, one), mark, 2))
        return NULL;
    at->number = mark[0];
    at->back = mark[1];
    if (at->end < 0 || at->end > at->size || mark[1] < 0 || mark[1] > at->end || mark[0] < 0) {
        PyErr_SetString(PyExc_ValueError, "a hit outside of the text");
        return NULL;
    }
    int again = mark[0] >= self->first + self->count;
    if (!again && mark[1])
        again = is_again(ends, marks, one, mark, at->end);
    if (again < 0)
        return NULL;
    if (again) {
        Py_INCREF(self->none);
        return self->none;
    }
    if (mark[0] >= self->first) {
        const Word *word = self->words + (mark[0] - self->first);
        int64_t rest = binary ? 0 : nothing_behind(word, at->text, at->size, at->end);
        if (binary || rest)
            return Py_BuildValue("(LLL())", (long long)(binary ? 0 : word->length + BEFORE_WORD),
                                 (long long)rest, (long long)at->end);
    }
    Around found[2];
    int count = arounds(self, at, found);
    for (int which = 0; which < count; which++) {
        uint64_t what = known_of(self, found + which);
        if (what)
            return Py_BuildValue("(IIL())", (unsigned)(what >> 16 & SIDE), (unsigned)(what & SIDE),
                                 (long long)at->end);
    }
    return NULL;
}

static const char NOTHING[ABOUT];

static int about_of(const char *about, Py_ssize_t size, Place *at)
{
    at->about = size ? about : NOTHING;
    if (size && size != ABOUT)
        PyErr_SetString(PyExc_ValueError, "a name of another length");
    return !size || size == ABOUT;
}

static PyObject *telling(DeadEnds *self, PyObject *args)
{
    PyObject *content, *ends, *marks, *answers;
    const char *about;
    Py_ssize_t named;
    int binary;
    Place at = {0};
    if (!PyArg_ParseTuple(args, "SO!O!O!py#", &content, &PyList_Type, &ends, &PyList_Type, &marks,
                          &PyList_Type, &answers, &binary, &about, &named) ||
        !about_of(about, named, &at))
        return NULL;
    Py_ssize_t count = PyList_Size(answers);
    if (count != PyList_Size(ends) || count != PyList_Size(marks)) {
        PyErr_SetString(PyExc_ValueError, "lists of different lengths");
        return NULL;
    }
    at.text = (const uint8_t *)PyBytes_AsString(content);
    at.size = (int64_t)PyBytes_Size(content);
    PyObject *result = PyList_New(0);
    for (Py_ssize_t one = 0; result && one < count; one++) {
        PyObject *answer = PyList_GetItem(answers, one);
        if (answer == Py_None) {
            answer = answer_to(self, &at, ends, marks, one, binary);
            if (answer ? PyList_SetItem(answers, one, answer) : PyErr_Occurred() != NULL)
                Py_CLEAR(result);
            if (answer)
                continue;
        } else if (PyTuple_Check(answer) && PyTuple_Size(answer) == 4) {
            PyObject *said = PyTuple_GetItem(answer, 3);
            if (PyTuple_Check(said) && !PyTuple_Size(said))
                continue;
        }
        if (result && appended(result, PyLong_FromSsize_t(one)))
            Py_CLEAR(result);
    }
    return result;
}

static PyObject *add(DeadEnds *self, PyObject *args)
{
    PyObject *content;
    const char *about;
    Py_ssize_t named;
    long long end, number, back, lead, rest;
    Place at = {0};
    if (!PyArg_ParseTuple(args, "SL(LL)y#LL", &content, &end, &number, &back, &about, &named, &lead,
                          &rest) ||
        !about_of(about, named, &at))
        return NULL;
    at.text = (const uint8_t *)PyBytes_AsString(content);
    at.size = (int64_t)PyBytes_Size(content);
    at.number = number, at.back = back, at.end = end;
    if (end < 0 || end > at.size || back < 0 || back > end || lead < 0 || rest < 0) {
        PyErr_SetString(PyExc_ValueError, "a hit outside of the text");
        return NULL;
    }
    Around found[2];
    int count = arounds(self, &at, found);
    for (int which = 0; which < count; which++) {
        const Around *one = found + which;
        if ((lead > one->lead && !one->begins) || (rest > one->rest && !one->ends))
            continue;
        uint64_t before = (uint64_t)(lead <= one->lead ? lead : one->lead + 1);
        uint64_t behind = (uint64_t)(rest <= one->rest ? rest : one->rest + 1);
        know(self, one, 1ull << 63 | before << 16 | behind);
        break;
    }
    Py_RETURN_NONE;
}

static int take_word(Word *word, PyObject *said)
{
    Py_ssize_t size;
    const char *characters;
    if (!PyTuple_Check(said) ||
        !PyArg_ParseTuple(said, "IIy#", &word->length, &word->least, &characters, &size)) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_TypeError, "no word");
        return -1;
    }
    for (Py_ssize_t one = 0; one < size; one++)
        word->characters[(uint8_t)characters[one] >> 3] |= 1 << ((uint8_t)characters[one] & 7);
    return 0;
}

static PyObject *made_dead_ends(PyTypeObject *type, PyObject *args, PyObject *names)
{
    Py_buffer table;
    const char *key;
    Py_ssize_t size;
    long long first;
    PyObject *words;
    if (!PyArg_ParseTuple(args, "w*y#LO!", &table, &key, &size, &first, &PyList_Type, &words))
        return NULL;
    DeadEnds *self = NULL;
    if (size < (Py_ssize_t)sizeof self->key || first < 0 ||
        table.len < 4 * (Py_ssize_t)sizeof(Entry) || table.len > LARGEST_TABLE ||
        (uintptr_t)table.buf % 8)
        PyErr_SetString(PyExc_ValueError, "a key or a table of a wrong size");
    else
        self = (DeadEnds *)((allocfunc)PyType_GetSlot(type, Py_tp_alloc))(type, 0);
    if (!self) {
        PyBuffer_Release(&table);
        return NULL;
    }
    self->table = table;
    self->entries = table.buf;
    self->sets = (uint64_t)table.len / sizeof(Entry) / 4;
    self->first = first;
    self->count = (int64_t)PyList_Size(words);
    memcpy(self->key, key, sizeof self->key);
    self->none = Py_BuildValue("(iii())", 0, 0, 0);
    self->words = calloc((size_t)self->count + 1, sizeof *self->words);
    int failed = !self->none || !self->words;
    if (!self->words)
        PyErr_NoMemory();
    for (int64_t one = 0; !failed && one < self->count; one++)
        failed = take_word(self->words + one, PyList_GetItem(words, (Py_ssize_t)one));
    if (failed)
        Py_CLEAR(self);
    return (PyObject *)self;
}

static void dropped_dead_ends(DeadEnds *self)
{
    PyTypeObject *type = Py_TYPE((PyObject *)self);
    free(self->words);
    Py_XDECREF(self->none);
    PyBuffer_Release(&self->table);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

static PyMethodDef of_dead_ends[] = {
    {"telling", (PyCFunction)telling, METH_VARARGS, NULL},
    {"add", (PyCFunction)add, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot dead_ends_slots[] = {
    {Py_tp_new, made_dead_ends}, {Py_tp_dealloc, dropped_dead_ends}, {Py_tp_methods, of_dead_ends},
    {0, NULL},
};

static PyType_Spec dead_ends = {"keymuster.detect._accelerator.DeadEnds", sizeof(DeadEnds), 0,
                                Py_TPFLAGS_DEFAULT, dead_ends_slots};

static PyMethodDef functions[] = {
    {"planned", planned, METH_VARARGS, NULL},
    {"merged", merged, METH_VARARGS, NULL},
    {"grouped", grouped, METH_VARARGS, NULL},
    {"stands_anew", stands_anew, METH_VARARGS, NULL},
    {"stretches", stretches, METH_VARARGS, NULL},
    {"same", same, METH_VARARGS, NULL},
    {"line_hash", line_hash, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static int add_type(PyObject *module, const char *name, PyType_Spec *spec)
{
    PyObject *type = PyType_FromSpec(spec);
    int failed = !type || PyModule_AddObjectRef(module, name, type);
    Py_XDECREF(type);
    return failed;
}

static int filled(PyObject *module)
{
    int failed = add_type(module, "Seen", &seen) || add_type(module, "DeadEnds", &dead_ends) ||
                 add_type(module, "Trees", &trees) ||
                 PyModule_AddIntConstant(module, "WIDEST", WIDEST) ||
                 PyModule_AddIntConstant(module, "KEY_BYTES", 4 * KEYS);
    return failed ? -1 : 0;
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, filled}, {0, NULL}};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_accelerator", NULL, 0, functions, slots,
                                    NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__accelerator(void) { return PyModuleDef_Init(&module); }
