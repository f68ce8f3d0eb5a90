/* The inner loops of the search; loops.py has them in Python and says what each does. And the hits in a text
   (hits.py): those it has from another one, those of what has to be searched, because it was not
   searched before (seen.py), and which lead to nothing (dead_ends.py).

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
#define RECENT 65536  /* chunks without hits that were met lately, about */
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
    int is_clean, is_new;
} Chunk;

typedef struct {
    uint64_t begin, end, offset;
} Window;

typedef struct {
    uint64_t end;
    uint32_t number, back;
} Told; /* a hit where it was searched for */

typedef struct {
    PyObject_HEAD
    Py_buffer table;
    uint64_t *clean, buckets, *recent;
    Known *hitting;
    Hit *hits;
    size_t held, room;
    uint64_t width;
    uint32_t key[KEYS];
    /* while a text is searched */
    int busy;
    const uint8_t *text;
    uint64_t size, searches;
    Told *told;
    size_t tells, tell_room;
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

/* Where a chunk without hits stands if it was met lately, as most were. The table of all is so large that
   to find a place of it in memory takes longer than all else that is done for a chunk. */
static uint64_t *recent(const Seen *self, const Chunk *chunk)
{
    return self->recent + place_of(chunk->digest, RECENT);
}

/* Whether it is known of a chunk what hits in it; where nothing does, it has no `known`. Other
   processes may write at the same time: a digest is written at once. */
static int is_known(const Seen *self, Chunk *chunk)
{
    if (chunk->is_clean)
        return 1;
    volatile uint64_t *clean = bucket(self, chunk);
    for (int way = 0; way < WAYS; way++)
        if (clean[way] == chunk->digest.tag) {
            *recent(self, chunk) = chunk->digest.tag;
            return 1;
        }
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
        *recent(self, chunk) = chunk->digest.tag;
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

/* Where a line ends; NULL if it does not. Most lines are so short that to call `memchr` takes longer. */
static const uint8_t *line_end(const uint8_t *at, const uint8_t *end)
{
#ifdef __SSE2__
    for (; end - at >= 16; at += 16) {
        __m128i all = _mm_loadu_si128((const __m128i *)at);
        unsigned ends = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(all, _mm_set1_epi8('\n')));
        if (ends)
            return at + __builtin_ctz(ends);
    }
#endif
    return memchr(at, '\n', (size_t)(end - at));
}

/* Where the line that goes on at a place ends, or is cut. */
static uint64_t line(const uint8_t *text, uint64_t size, uint64_t at)
{
    uint64_t most = size - at < LINE ? size - at : LINE;
    const uint8_t *end = line_end(text + at, text + at + most);
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
        FETCH(recent(self, chunk));
        at = end;
    }
    return 0;
}

/* The stretches that have to be searched, ascending, apart, and how long they are together. */
static int window(Seen *self, Work *work, uint64_t size, uint64_t *total)
{
    *total = 0;
    for (size_t one = 0; one < work->count; one++) {
        Chunk *chunk = work->chunks + one;
        chunk->is_clean = *recent(self, chunk) == chunk->digest.tag;
        if (!chunk->is_clean)
            FETCH((const void *)bucket(self, chunk));
    }
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

/* Add a hit that a search told of, if it is one. */
static int tell(Seen *self, uint64_t end, uint64_t number, uint64_t back)
{
    if (number > UINT32_MAX || back > UINT32_MAX) {
        PyErr_SetString(PyExc_ValueError, "a hit with numbers beyond all bounds");
        return -1;
    }
    if (grown((void **)&self->told, self->tells, &self->tell_room, sizeof *self->told))
        return -1;
    self->told[self->tells++] = (Told){end, (uint32_t)number, (uint32_t)back};
    return 0;
}

/* The hits that a function returned, in order. */
static int tell_all(Seen *self, PyObject *found)
{
    Py_ssize_t count = PyList_Check(found) ? PyList_Size(found) : -1;
    if (count < 0)
        PyErr_SetString(PyExc_TypeError, "hits come in a list");
    for (Py_ssize_t one = 0; one < count; one++) {
        PyObject *hit = PyList_GetItem(found, one);
        uint64_t said[3];
        if (!PyTuple_Check(hit) || PyTuple_Size(hit) != 3) {
            PyErr_SetString(PyExc_TypeError, "a hit is three numbers");
            return -1;
        }
        for (int each = 0; each < 3; each++)
            said[each] = PyLong_AsUnsignedLongLong(PyTuple_GetItem(hit, each));
        if (PyErr_Occurred() || tell(self, said[0], said[1], said[2]))
            return -1;
        if (one && said[0] < self->told[one - 1].end) {
            PyErr_SetString(PyExc_ValueError, "hits out of order");
            return -1;
        }
    }
    return count < 0 ? -1 : 0;
}

static int sooner(const void *left, const void *right)
{
    const Told *a = left, *b = right;
    if (a->end != b->end)
        return a->end < b->end ? -1 : 1;
    if (a->number != b->number)
        return a->number < b->number ? -1 : 1;
    return a->back < b->back ? -1 : a->back > b->back;
}

/* Give each new chunk the hits that end in it, without those of a gate that begin where another in the
   chunk does. */
static int place(Work *work, const Told *told, size_t count)
{
    size_t in = 0, chunk = 0;
    for (size_t one = 0; one < count; one++, told++) {
        while (in < work->windowed && told->end > work->windows[in].offset + work->windows[in].end -
                                                      work->windows[in].begin)
            in++;
        if (in == work->windowed)
            break;
        uint64_t end = told->end - work->windows[in].offset + work->windows[in].begin;
        while (chunk < work->count && work->chunks[chunk].end < end)
            chunk++;
        if (chunk == work->count)
            break;
        Chunk *at = work->chunks + chunk;
        if (!at->is_new || end <= at->begin)
            continue;
        Hit hit = {(uint32_t)(end - at->begin), told->number, told->back};
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

/* The hits in a text; see hits.py. */

typedef struct {
    int64_t end, lead, rest, before; /* where the end was when it was answered */
    PyObject *found;                 /* a tuple; NULL if the hit led to nothing */
    uint32_t number, back;
    int is_answered;
} One;

typedef struct {
    PyObject_HEAD
    One *all;
    size_t count, room;
} Hits;

typedef struct {
    int64_t first, last, shift, floor, ceiling;
} Run;

typedef struct {
    int64_t after, before;
} Span;

typedef struct {
    Run *runs;
    Span *spans;
    size_t taken, asked;
} Plan;

static One *new_one(Hits *self)
{
    if (grown((void **)&self->all, self->count, &self->room, sizeof *self->all))
        return NULL;
    return self->all + self->count++;
}

static int add_hit(Hits *self, int64_t end, uint32_t number, uint32_t back)
{
    One *one = new_one(self);
    if (one)
        *one = (One){.end = end, .number = number, .back = back};
    return one ? 0 : -1;
}

/* What is to be taken over from a text that some is kept of, and what is to be searched for. */
static int plan(Plan *to, PyObject *kept, int64_t size, int64_t held, int64_t width)
{
    PyObject *items = PySequence_List(kept);
    Py_ssize_t count = items ? PyList_Size(items) : -1;
    int64_t done = 0, behind = 0;
    if (count >= 0) {
        to->runs = malloc(((size_t)count + 1) * sizeof *to->runs);
        to->spans = malloc(((size_t)count + 2) * sizeof *to->spans);
        if (!to->runs || !to->spans) {
            PyErr_NoMemory();
            count = -1;
        }
    }
    for (Py_ssize_t one = 0; one < count; one++) {
        int64_t said[3];
        if (!whole(PyList_GetItem(items, one), said, 3)) {
            count = -1;
            break;
        }
        int64_t here = said[0], there = said[1], length = said[2];
        if (here < behind || there < 0 || length < 0 || here > size || length > size - here ||
            there > held || length > held - there) {
            PyErr_SetString(PyExc_ValueError, "stretches ascend, apart, in the text");
            count = -1;
            break;
        }
        behind = here + length;
        int begins = !here && !there, ends = behind == size && there + length == held;
        int64_t first = begins ? 0 : here + width + 1, last = behind - !ends;
        if (first >= last)
            continue;
        if (first - done > 1)
            to->spans[to->asked++] = (Span){done, first};
        to->runs[to->taken++] = (Run){first, last, here - there, begins ? -NOWHERE : here,
                                      ends ? NOWHERE : behind};
        done = last;
    }
    if (count >= 0 && (size > done || !to->taken))
        to->spans[to->asked++] = (Span){done, size + 1};
    Py_XDECREF(items);
    return count < 0 ? -1 : 0;
}

/* The first of ascending hits that ends not before a place, or, if `behind`, behind it. */
static size_t first_at(const Hits *hits, int64_t place, int behind)
{
    size_t low = 0, high = hits->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int64_t end = hits->all[middle].end;
        if (end < place || (behind && end == place))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int inherit(Hits *to, const Hits *other, const Run *run)
{
    size_t one = first_at(other, run->first - run->shift, 0);
    size_t stop = first_at(other, run->last - run->shift, 1);
    for (; one < stop; one++) {
        One *mine = new_one(to);
        if (!mine)
            return -1;
        *mine = other->all[one];
        mine->end += run->shift;
        if (mine->is_answered &&
            (mine->end - mine->lead < run->floor || mine->end + mine->rest > run->ceiling))
            *mine = (One){.end = mine->end, .number = mine->number, .back = mine->back};
        Py_XINCREF(mine->found);
    }
    return 0;
}

/* What has been found inside of the spans, and between it what is taken over. */
static int merge(Hits *to, const Seen *self, const Work *work, const Plan *plan, const Hits *other)
{
    size_t run = 0, in = 0;
    for (size_t one = 0; one < work->count; one++) {
        const Chunk *chunk = work->chunks + one;
        const Hit *hits = chunk->is_new ? work->hits + chunk->first
                          : chunk->known ? self->hits + chunk->known->at
                                         : NULL;
        size_t left = chunk->is_new ? chunk->count : chunk->known ? chunk->known->count : 0;
        for (; left; left--, hits++) {
            int64_t end = (int64_t)(chunk->begin + hits->end);
            while (in < plan->asked && plan->spans[in].before <= end)
                in++;
            if (in == plan->asked)
                break;
            if (end <= plan->spans[in].after)
                continue;
            for (; run < plan->taken && plan->runs[run].first <= end; run++)
                if (inherit(to, other, plan->runs + run))
                    return -1;
            if (add_hit(to, end, hits->number, hits->back))
                return -1;
        }
    }
    for (; run < plan->taken; run++)
        if (inherit(to, other, plan->runs + run))
            return -1;
    return 0;
}

/* Let a function search what is new, and give it to the chunks. */
static int ask(Seen *self, Work *work, PyObject *text, PyObject *function)
{
    self->text = (const uint8_t *)PyBytes_AsString(text);
    self->size = (uint64_t)PyBytes_Size(text);
    self->searches++;
    self->tells = 0;
    self->busy = 2;
    PyObject *found = PyObject_CallFunctionObjArgs(function, text, NULL);
    self->busy = 1;
    int failed = !found || (found != Py_None && tell_all(self, found));
    if (!failed && found == Py_None && self->tells)
        qsort(self->told, self->tells, sizeof *self->told, sooner);
    Py_XDECREF(found);
    return failed || place(work, self->told, self->tells) ? -1 : 0;
}

/* What the module holds: the types that others make. */
typedef struct {
    PyObject *hits, *keeper;
} State;

static PyTypeObject *hits_type(PyTypeObject *of)
{
    const State *state = PyType_GetModuleState(of);
    return state ? (PyTypeObject *)state->hits : NULL;
}

static PyObject *read_text(Seen *self, PyObject *args)
{
    PyObject *content, *other, *kept, *function, *text = NULL;
    PyTypeObject *type = hits_type(Py_TYPE((PyObject *)self));
    Hits *result = NULL;
    Py_ssize_t held;
    uint64_t total;
    Work work = {0};
    Plan planned = {0};
    if (!type || !PyArg_ParseTuple(args, "SOnOO", &content, &other, &held, &kept, &function))
        return NULL;
    if (self->busy) {
        PyErr_SetString(PyExc_RuntimeError, "a search inside of a search");
        return NULL;
    }
    if (other != Py_None && !PyObject_TypeCheck(other, type)) {
        PyErr_SetString(PyExc_TypeError, "hits of another kind");
        return NULL;
    }
    const uint8_t *bytes = (const uint8_t *)PyBytes_AsString(content);
    uint64_t size = (uint64_t)PyBytes_Size(content);
    self->busy = 1;
    int failed = plan(&planned, kept, (int64_t)size, held, (int64_t)self->width);
    if (!failed && other == Py_None && planned.taken) {
        PyErr_SetString(PyExc_ValueError, "something is kept of no text");
        failed = 1;
    }
    for (size_t one = 0; !failed && one < planned.asked; one++)
        failed = cut(self, &work, bytes, size, (uint64_t)planned.spans[one].after,
                     (uint64_t)planned.spans[one].before);
    failed = failed || window(self, &work, size, &total);
    if (!failed && work.windowed) {
        text = joined(&work, content, bytes, size, total);
        failed = !text || ask(self, &work, text, function);
    }
    if (!failed && (result = (Hits *)((allocfunc)PyType_GetSlot(type, Py_tp_alloc))(type, 0)) &&
        merge(result, self, &work, &planned, (const Hits *)other))
        Py_CLEAR(result);
    for (size_t one = 0; result && one < work.count; one++)
        if (work.chunks[one].is_new)
            learn(self, work.chunks + one, work.hits + work.chunks[one].first);
    self->busy = 0;
    Py_XDECREF(text);
    free(planned.runs);
    free(planned.spans);
    free(work.chunks);
    free(work.windows);
    free(work.hits);
    return (PyObject *)result;
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
    self->recent = calloc(RECENT, sizeof *self->recent);
    if (!self->hitting || !self->recent) {
        Py_DECREF(self);
        return PyErr_NoMemory();
    }
    return (PyObject *)self;
}

static void dropped(Seen *self)
{
    PyTypeObject *type = Py_TYPE((PyObject *)self);
    free(self->hitting);
    free(self->recent);
    free(self->hits);
    free(self->told);
    PyBuffer_Release(&self->table);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

/* Takes the hits of one database. */

typedef struct {
    int64_t length; /* -1 for one whose hits have a begin of their own */
    int is_free;
    uint64_t last; /* end */
} Gate;

typedef struct {
    PyObject_HEAD
    Seen *seen;
    uint64_t first, count, searches;
    Gate *gates;
} Keeper;

static int is_alnum(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || ((byte | 32) >= 'a' && (byte | 32) <= 'z');
}

static int are_hex(const uint8_t *from, int count)
{
    for (; count; count--, from++)
        if (!is_alnum(*from) || (*from | 32) > 'f')
            return 0;
    return 1;
}

/* See STANDS_FREE in patterns.py. */
static int stands_free(const uint8_t *text, int64_t at)
{
    const uint8_t *end = text + at;
    return at < 1 || !is_alnum(end[-1]) ||
           (at >= 2 && end[-2] == '\\' && memchr("nrtbf", end[-1], 5)) ||
           (at >= 3 && end[-3] == '%' && are_hex(end - 2, 2)) ||
           (at >= 4 && end[-4] == '\\' && end[-3] == 'x' && are_hex(end - 2, 2)) ||
           (at >= 6 && end[-6] == '\\' && end[-5] == 'u' && are_hex(end - 4, 4));
}

/* Keep a hit, unless it is at a further byte of a long run and inside of a word. */
static PyObject *keep(Keeper *self, PyObject *args, PyObject *names)
{
    Seen *seen = self->seen;
    uint64_t number, begin, end, back = 0;
    if (PyTuple_Size(args) < 3) {
        PyErr_SetString(PyExc_TypeError, "a hit is a number, a begin and an end");
        return NULL;
    }
    number = PyLong_AsUnsignedLongLong(PyTuple_GetItem(args, 0));
    begin = PyLong_AsUnsignedLongLong(PyTuple_GetItem(args, 1));
    end = PyLong_AsUnsignedLongLong(PyTuple_GetItem(args, 2));
    if (PyErr_Occurred())
        return NULL;
    if (seen->busy != 2 || begin > end || end > seen->size || number > UINT32_MAX) {
        PyErr_SetString(PyExc_ValueError, "a hit outside of what is searched");
        return NULL;
    }
    if (self->searches != seen->searches) {
        self->searches = seen->searches;
        for (uint64_t one = 0; one < self->count; one++)
            self->gates[one].last = 0;
    }
    if (number < self->count) {
        Gate *gate = self->gates + number;
        uint64_t last = gate->last;
        gate->last = end;
        if (gate->length < 0)
            back = end - begin;
        else if (end == last + 1 && gate->is_free &&
                 !stands_free(seen->text, (int64_t)end - gate->length))
            Py_RETURN_NONE;
    }
    if (tell(seen, end, self->first + number, back))
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *keeper_of(Seen *self, PyObject *args)
{
    PyObject *gates;
    long long first;
    if (!PyArg_ParseTuple(args, "LO!", &first, &PyList_Type, &gates))
        return NULL;
    const State *state = PyType_GetModuleState(Py_TYPE((PyObject *)self));
    if (!state)
        return NULL;
    PyTypeObject *type = (PyTypeObject *)state->keeper;
    Keeper *made = (Keeper *)((allocfunc)PyType_GetSlot(type, Py_tp_alloc))(type, 0);
    if (!made)
        return NULL;
    Py_INCREF((PyObject *)self);
    made->seen = self;
    made->first = (uint64_t)first;
    Py_ssize_t count = PyList_Size(gates);
    made->gates = calloc((size_t)count + 1, sizeof *made->gates);
    int failed = first < 0 || first > UINT32_MAX;
    if (failed)
        PyErr_SetString(PyExc_ValueError, "a number beyond all bounds");
    else if (!made->gates)
        PyErr_NoMemory(), failed = 1;
    for (Py_ssize_t one = 0; !failed && one < count; one++) {
        int64_t said[2];
        failed = !whole(PyList_GetItem(gates, one), said, 2);
        if (!failed && (said[0] < -1 || said[0] > UINT32_MAX)) {
            PyErr_SetString(PyExc_ValueError, "a length beyond all bounds");
            failed = 1;
        }
        if (!failed)
            made->gates[made->count++] = (Gate){said[0], said[1] != 0, 0};
    }
    if (failed)
        Py_CLEAR(made);
    return (PyObject *)made;
}

static void dropped_keeper(Keeper *self)
{
    PyTypeObject *type = Py_TYPE((PyObject *)self);
    free(self->gates);
    Py_XDECREF((PyObject *)self->seen);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

static PyType_Slot keeper_slots[] = {
    {Py_tp_dealloc, dropped_keeper}, {Py_tp_call, keep}, {0, NULL},
};

static PyType_Spec keeper = {"keymuster.detect._accelerator.Keeper", sizeof(Keeper), 0,
                             Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, keeper_slots};

static PyMethodDef of_seen[] = {
    {"read", (PyCFunction)read_text, METH_VARARGS, NULL},
    {"keeper", (PyCFunction)keeper_of, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot seen_slots[] = {
    {Py_tp_new, made}, {Py_tp_dealloc, dropped}, {Py_tp_methods, of_seen}, {0, NULL},
};

static PyType_Spec seen = {"keymuster.detect._accelerator.Seen", sizeof(Seen), 0, Py_TPFLAGS_DEFAULT,
                           seen_slots};

static PyObject *made_hits(PyTypeObject *type, PyObject *args, PyObject *names)
{
    PyObject *found = NULL;
    if (!PyArg_ParseTuple(args, "|O!", &PyList_Type, &found))
        return NULL;
    Hits *self = (Hits *)((allocfunc)PyType_GetSlot(type, Py_tp_alloc))(type, 0);
    Py_ssize_t count = found ? PyList_Size(found) : 0;
    for (Py_ssize_t one = 0; self && one < count; one++) {
        int64_t said[3];
        if (!whole(PyList_GetItem(found, one), said, 3))
            Py_CLEAR(self);
        else if (said[0] < 0 || said[1] < 0 || said[1] > UINT32_MAX || said[2] < 0 ||
                 said[2] > UINT32_MAX) {
            PyErr_SetString(PyExc_ValueError, "a hit with numbers beyond all bounds");
            Py_CLEAR(self);
        } else if (add_hit(self, said[0], (uint32_t)said[1], (uint32_t)said[2]))
            Py_CLEAR(self);
    }
    return (PyObject *)self;
}

static void dropped_hits(Hits *self)
{
    PyTypeObject *type = Py_TYPE((PyObject *)self);
    for (size_t one = 0; one < self->count; one++)
        Py_XDECREF(self->all[one].found);
    free(self->all);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

static Py_ssize_t hit_count(Hits *self) { return (Py_ssize_t)self->count; }

/* The hit at a place that Python names. */
static One *one_at(Hits *self, PyObject *at)
{
    size_t place = PyLong_AsSize_t(at);
    if (place == (size_t)-1 && PyErr_Occurred())
        return NULL;
    if (place >= self->count) {
        PyErr_SetString(PyExc_IndexError, "no hit");
        return NULL;
    }
    return self->all + place;
}

static PyObject *hit_at(Hits *self, PyObject *at)
{
    const One *one = one_at(self, at);
    return one ? Py_BuildValue("(LII)", (long long)one->end, (unsigned)one->number,
                               (unsigned)one->back)
               : NULL;
}

static PyObject *answer_at(Hits *self, PyObject *at)
{
    const One *one = one_at(self, at);
    if (!one)
        return NULL;
    if (!one->is_answered)
        Py_RETURN_NONE;
    long long said[3] = {one->lead, one->rest, one->before};
    return one->found ? Py_BuildValue("(LLLO)", said[0], said[1], said[2], one->found)
                      : Py_BuildValue("(LLL())", said[0], said[1], said[2]);
}

static int64_t bounded(long long reach)
{
    return reach > 2 * NOWHERE ? 2 * NOWHERE : reach < -2 * NOWHERE ? -2 * NOWHERE : reach;
}

static PyObject *give_answer(Hits *self, PyObject *args)
{
    PyObject *at, *found;
    long long lead, rest, before;
    if (!PyArg_ParseTuple(args, "O(LLLO!)", &at, &lead, &rest, &before, &PyTuple_Type, &found))
        return NULL;
    One *one = one_at(self, at);
    if (!one)
        return NULL;
    PyObject *had = one->found;
    one->lead = bounded(lead);
    one->rest = bounded(rest);
    one->before = before;
    one->is_answered = 1;
    one->found = PyTuple_Size(found) ? found : NULL;
    Py_XINCREF(one->found);
    Py_XDECREF(had);
    Py_RETURN_NONE;
}

static int is_again(const Hits *hits, const One *one)
{
    if (!one->back)
        return 0;
    int64_t begin = one->end - one->back;
    for (const One *other = one; other-- > hits->all && other->end > begin;)
        if (other->number == one->number && other->end - other->back == begin)
            return 1;
    return 0;
}

static PyObject *is_repeated(Hits *self, PyObject *at)
{
    const One *one = one_at(self, at);
    return one ? PyBool_FromLong(is_again(self, one)) : NULL;
}

static PyObject *grouped(Hits *self, PyObject *args)
{
    PyObject *groups;
    long long first;
    if (!PyArg_ParseTuple(args, "LO!", &first, &PyList_Type, &groups))
        return NULL;
    PyObject *result = PyDict_New();
    for (const One *one = self->all; result && one < self->all + self->count; one++) {
        if ((long long)one->number < first)
            continue;
        PyObject *number = PyList_GetItem(groups, (Py_ssize_t)(one->number - first));
        PyObject *list = number ? PyDict_GetItemWithError(result, number) : NULL;
        int failed = 0;
        if (number && !list && !PyErr_Occurred()) {
            list = PyList_New(0);
            failed = !list || PyDict_SetItem(result, number, list);
            Py_XDECREF(list); /* which the dictionary holds */
        }
        if (failed || !list || appended(list, PyLong_FromLongLong(one->end)))
            Py_CLEAR(result);
    }
    return result;
}

static PyMethodDef of_hits[] = {
    {"hit", (PyCFunction)hit_at, METH_O, NULL},
    {"answer_of", (PyCFunction)answer_at, METH_O, NULL},
    {"answer", (PyCFunction)give_answer, METH_VARARGS, NULL},
    {"is_repeated", (PyCFunction)is_repeated, METH_O, NULL},
    {"grouped", (PyCFunction)grouped, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot hits_slots[] = {
    {Py_tp_new, made_hits}, {Py_tp_dealloc, dropped_hits}, {Py_tp_methods, of_hits},
    {Py_sq_length, hit_count}, {0, NULL},
};

static PyType_Spec hits = {"keymuster.detect._accelerator.Hits", sizeof(Hits), 0, Py_TPFLAGS_DEFAULT,
                           hits_slots};

#include "_texts.h"
#include "_dead_ends.h"
#include "_runs.h"

static PyMethodDef functions[] = {
    {"beside_runs", beside_runs, METH_VARARGS, NULL},
    {"nothing_behind", asked_behind, METH_VARARGS, NULL},
    {"stands_anew", stands_anew, METH_VARARGS, NULL},
    {"stretches", stretches, METH_VARARGS, NULL},
    {"gathered", gathered, METH_VARARGS, NULL},
    {"same", same, METH_VARARGS, NULL},
    {"common", common, METH_VARARGS, NULL},
    {"line_ends", line_ends, METH_VARARGS, NULL},
    {"line_hash", line_hash, METH_VARARGS, NULL},
    {"holds_one", holds_one, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static int drop_state(PyObject *module)
{
    State *state = PyModule_GetState(module);
    Py_CLEAR(state->hits);
    Py_CLEAR(state->keeper);
    return 0;
}

static int visit_state(PyObject *module, visitproc visit, void *arg)
{
    State *state = PyModule_GetState(module);
    Py_VISIT(state->hits);
    Py_VISIT(state->keeper);
    return 0;
}

static int add_type(PyObject *module, const char *name, PyType_Spec *spec, PyObject **held)
{
    PyObject *type = PyType_FromModuleAndSpec(module, spec, NULL);
    int failed = !type || PyModule_AddObjectRef(module, name, type);
    if (held && !failed)
        *held = type;
    else
        Py_XDECREF(type);
    return failed;
}

static int filled(PyObject *module)
{
    State *state = PyModule_GetState(module);
    int failed = add_type(module, "Hits", &hits, &state->hits) ||
                 add_type(module, "Keeper", &keeper, &state->keeper) ||
                 add_type(module, "Seen", &seen, NULL) ||
                 add_type(module, "DeadEnds", &dead_ends, NULL) ||
                 PyModule_AddIntConstant(module, "WIDEST", WIDEST) ||
                 PyModule_AddIntConstant(module, "KEY_BYTES", 4 * KEYS);
    return failed ? -1 : 0;
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, filled}, {0, NULL}};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_accelerator", NULL, sizeof(State),
                                    functions, slots, visit_state, drop_state, NULL};

PyMODINIT_FUNC PyInit__accelerator(void) { return PyModuleDef_Init(&module); }
