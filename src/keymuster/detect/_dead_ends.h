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
static int arounds(const DeadEnds *self, const Place *at, Around found[3])
{
    const uint8_t *text = at->text;
    int64_t end = at->end, stop = at->size - end < REST ? at->size : end + REST;
    if (at->number >= self->first) {
        around(self, at, end < LEAD_OF_WORD ? 0 : end - LEAD_OF_WORD, stop, found);
        return 1;
    }
    int64_t floor = end < LEAD_IN_LINE ? 0 : end - LEAD_IN_LINE;
    int64_t begin = end - at->back < floor ? floor : end - at->back, last = stop;
    int count = 0;
    while (begin > floor && text[begin - 1] != '\n')
        begin--;
    begin -= begin > floor;
    const uint8_t *line = memchr(text + end, '\n', (size_t)(stop - end));
    if (line) {
        last = line - text + 1;
        around(self, at, begin, last, found + count++);
        while (last < stop && is_space(text[last]))
            last++;
        last = stop - last < 2 ? stop : last + 2;
    }
    around(self, at, begin, last, found + count++);
    around(self, at, end < LEAD ? 0 : end - LEAD, stop, found + count++);
    return count;
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

static void leads_to_nothing(One *one, int64_t lead, int64_t rest, int64_t before)
{
    one->lead = lead;
    one->rest = rest;
    one->before = before;
    one->is_answered = 1;
}

/* Answer a hit, if it leads to nothing; -1 if it is none. */
static int answer_to(const DeadEnds *self, const Hits *hits, One *one, Place *at, int binary)
{
    at->number = one->number;
    at->back = one->back;
    at->end = one->end;
    if (at->end < 0 || at->end > at->size || at->back > at->end) {
        PyErr_SetString(PyExc_ValueError, "a hit outside of the text");
        return -1;
    }
    if (at->number >= self->first + self->count || is_again(hits, one)) {
        leads_to_nothing(one, 0, 0, 0);
        return 0;
    }
    if (at->number >= self->first) {
        const Word *word = self->words + (at->number - self->first);
        int64_t rest = binary ? 0 : nothing_behind(word, at->text, at->size, at->end);
        if (binary || rest) {
            leads_to_nothing(one, binary ? 0 : word->length + BEFORE_WORD, rest, at->end);
            return 0;
        }
    }
    Around found[3];
    int count = arounds(self, at, found);
    for (int which = 0; which < count; which++) {
        uint64_t what = known_of(self, found + which);
        if (what) {
            leads_to_nothing(one, (int64_t)(what >> 16 & SIDE), (int64_t)(what & SIDE), at->end);
            break;
        }
    }
    return 0;
}

static const char NOTHING[ABOUT];

static int about_of(const char *about, Py_ssize_t size, Place *at)
{
    at->about = size ? about : NOTHING;
    if (size && size != ABOUT)
        PyErr_SetString(PyExc_ValueError, "a name of another length");
    return !size || size == ABOUT;
}

static PyObject *next_hit(DeadEnds *self, PyObject *args)
{
    PyObject *content, *given;
    PyTypeObject *type = hits_type(Py_TYPE((PyObject *)self));
    const char *about;
    Py_ssize_t named, place;
    int binary;
    Place at = {0};
    if (!type || !PyArg_ParseTuple(args, "SO!npy#", &content, type, &given, &place, &binary, &about,
                                   &named) ||
        !about_of(about, named, &at))
        return NULL;
    const Hits *hits = (const Hits *)given;
    at.text = (const uint8_t *)PyBytes_AsString(content);
    at.size = (int64_t)PyBytes_Size(content);
    size_t next = place < 0 ? 0 : (size_t)place;
    for (; next < hits->count; next++) {
        One *one = hits->all + next;
        if (!one->is_answered && answer_to(self, hits, one, &at, binary))
            return NULL;
        if (!one->is_answered || one->found)
            break;
    }
    return PyLong_FromSize_t(next < hits->count ? next : hits->count);
}

static PyObject *add(DeadEnds *self, PyObject *args)
{
    PyObject *content;
    const char *about;
    Py_ssize_t named;
    long long end, number, back, lead, rest;
    Place at = {0};
    if (!PyArg_ParseTuple(args, "S(LLL)y#LL", &content, &end, &number, &back, &about, &named, &lead,
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
    Around found[3];
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

/* The same of one word by itself: the text, where the word ends, and of its values the shortest and what they
   are made of. */
static PyObject *asked_behind(PyObject *self, PyObject *args)
{
    const char *content, *characters;
    Py_ssize_t size, at, count;
    Word word = {0};
    if (!PyArg_ParseTuple(args, "y#nIy#", &content, &size, &at, &word.least, &characters, &count))
        return NULL;
    if (at < 0 || at > size) {
        PyErr_SetString(PyExc_ValueError, "a word outside of the text");
        return NULL;
    }
    for (Py_ssize_t one = 0; one < count; one++)
        word.characters[(uint8_t)characters[one] >> 3] |= 1 << ((uint8_t)characters[one] & 7);
    return PyLong_FromLongLong(nothing_behind(&word, (const uint8_t *)content, size, at));
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
    self->words = calloc((size_t)self->count + 1, sizeof *self->words);
    int failed = !self->words;
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
    PyBuffer_Release(&self->table);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

static PyMethodDef of_dead_ends[] = {
    {"next", (PyCFunction)next_hit, METH_VARARGS, NULL},
    {"add", (PyCFunction)add, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot dead_ends_slots[] = {
    {Py_tp_new, made_dead_ends}, {Py_tp_dealloc, dropped_dead_ends}, {Py_tp_methods, of_dead_ends},
    {0, NULL},
};

static PyType_Spec dead_ends = {"keymuster.detect._accelerator.DeadEnds", sizeof(DeadEnds), 0,
                                Py_TPFLAGS_DEFAULT, dead_ends_slots};
