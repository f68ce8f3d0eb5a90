/* Loops over texts that loops.py has in Python, and collect/likeness.py and line_hash.py. */

/* Where a mark stands first between two places; -1 if it does not. It is looked for by its first and its
   last byte together: each alone is common. */
static int64_t find(const uint8_t *text, int64_t at, int64_t end, const uint8_t *mark, int64_t size)
{
    int64_t last = end - size;
#ifdef __SSE2__
    const __m128i head = _mm_set1_epi8((char)mark[0]), tail = _mm_set1_epi8((char)mark[size - 1]);
    for (; last - at >= 15; at += 16) {
        __m128i heads = _mm_cmpeq_epi8(head, _mm_loadu_si128((const __m128i *)(text + at)));
        __m128i tails = _mm_cmpeq_epi8(tail, _mm_loadu_si128((const __m128i *)(text + at + size - 1)));
        unsigned both = (unsigned)_mm_movemask_epi8(_mm_and_si128(heads, tails));
        for (; both; both &= both - 1) {
            int64_t one = at + __builtin_ctz(both);
            if (!memcmp(text + one, mark, (size_t)size))
                return one;
        }
    }
#endif
    while (at <= last) {
        const uint8_t *one = memchr(text + at, mark[0], (size_t)(last - at + 1));
        if (!one)
            break;
        if (!memcmp(one, mark, (size_t)size))
            return one - text;
        at = one - text + 1;
    }
    return -1;
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
        is_there = find((const uint8_t *)text, at < size ? 0 : at - size, end,
                        (const uint8_t *)mark, size) >= 0;
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

typedef struct {
    int64_t begin, end;
} Stretch;

/* The stretches around ends of escapes, to be freed, and how many; NULL if the ends are none. */
static Stretch *stretched(const char *text, Py_ssize_t size, PyObject *ends, size_t *found)
{
    Py_ssize_t count = PyList_Size(ends), at = 0;
    int64_t first = 0, last = 0;
    size_t room = 0;
    Stretch *all = NULL;
    *found = 0;
    for (; at <= count; at++) {
        int64_t end = INT64_MAX;
        if (at < count) {
            end = PyLong_AsLongLong(PyList_GetItem(ends, at));
            if (end < 1 || end > size || end < last) {
                if (!PyErr_Occurred())
                    PyErr_SetString(PyExc_ValueError, "ends ascend, in the text");
                free(all);
                return NULL;
            }
        }
        if (first && end - last < BESIDE && end - first < TOGETHER) {
            last = end;
            continue;
        }
        if (grown((void **)&all, *found, &room, sizeof *all)) { /* which leaves room for none, too */
            free(all);
            return NULL;
        }
        if (first)
            all[(*found)++] = (Stretch){left_of((const uint8_t *)text, first - 1),
                                        right_of((const uint8_t *)text, size, last)};
        first = last = end;
    }
    return all;
}

static PyObject *stretches(PyObject *module, PyObject *args)
{
    const char *text;
    Py_ssize_t size;
    PyObject *ends;
    size_t count;
    if (!PyArg_ParseTuple(args, "y#O!", &text, &size, &PyList_Type, &ends))
        return NULL;
    Stretch *all = stretched(text, size, ends, &count);
    PyObject *result = all ? PyList_New(0) : NULL;
    for (size_t one = 0; result && one < count; one++)
        if (appended(result,
                     Py_BuildValue("(LL)", (long long)all[one].begin, (long long)all[one].end)))
            Py_CLEAR(result);
    free(all);
    return result;
}

/* How many of the ascending numbers in a list are less than one, or not greater; -1 if they are none. */
static Py_ssize_t below(PyObject *list, int64_t than, int or_equal)
{
    Py_ssize_t low = 0, high = PyList_Size(list);
    while (low < high) {
        Py_ssize_t middle = low + (high - low) / 2;
        int64_t one = PyLong_AsLongLong(PyList_GetItem(list, middle));
        if (one == -1 && PyErr_Occurred())
            return -1;
        if (one < than || (or_equal && one == than))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static PyObject *gathered(PyObject *module, PyObject *args)
{
    const char *text;
    Py_ssize_t size;
    PyObject *ends, *others, *counts = NULL, *result = NULL;
    size_t count;
    uint64_t total = 0;
    if (!PyArg_ParseTuple(args, "y#O!O!", &text, &size, &PyList_Type, &ends, &PyList_Type, &others))
        return NULL;
    Stretch *all = stretched(text, size, ends, &count);
    for (size_t one = 0; all && one < count; one++) /* a line may be in two of them */
        total += 8 + (uint64_t)(all[one].end - all[one].begin);
    counts = all ? PyList_New(0) : NULL;
    for (Py_ssize_t other = 0; counts && other < PyList_Size(others); other++) {
        PyObject *list = PyList_GetItem(others, other);
        Py_ssize_t inside = 0, from = 0, to = 0;
        if (!PyList_Check(list)) {
            PyErr_SetString(PyExc_TypeError, "ends come in lists");
            from = -1;
        }
        for (size_t one = 0; from >= 0 && to >= 0 && one < count; one++) {
            from = below(list, all[one].begin, 0);
            to = from < 0 ? -1 : below(list, all[one].end, 1);
            inside += to - from;
        }
        if (from < 0 || to < 0 || appended(counts, PyLong_FromSsize_t(inside)))
            Py_CLEAR(counts);
    }
    PyObject *joined = counts ? PyBytes_FromStringAndSize(NULL, (Py_ssize_t)total) : NULL;
    char *to = joined ? PyBytes_AsString(joined) : NULL;
    for (size_t one = 0; to && one < count; one++) {
        uint64_t length = (uint64_t)(all[one].end - all[one].begin);
        for (int byte = 0; byte < 8; byte++)
            *to++ = (char)(length >> 8 * byte);
        memcpy(to, text + all[one].begin, (size_t)length);
        to += length;
    }
    if (joined)
        result = PyTuple_Pack(2, counts, joined);
    Py_XDECREF(counts);
    Py_XDECREF(joined);
    free(all);
    return result;
}

static int64_t alike(const uint8_t *text, const uint8_t *other, int64_t most)
{
    int64_t done = 0;
    while (most - done >= 8 && word(text + done) == word(other + done))
        done += 8;
    while (done < most && text[done] == other[done])
        done++;
    return done;
}

static PyObject *same(PyObject *module, PyObject *args)
{
    const char *text, *other;
    Py_ssize_t size, held, here, there;
    if (!PyArg_ParseTuple(args, "y#ny#n", &text, &size, &here, &other, &held, &there))
        return NULL;
    if (here < 0 || here > size || there < 0 || there > held) {
        PyErr_SetString(PyExc_ValueError, "an offset outside of a text");
        return NULL;
    }
    return PyLong_FromLongLong(alike((const uint8_t *)text + here, (const uint8_t *)other + there,
                                     size - here < held - there ? size - here : held - there));
}

/* How many lines end between two places. */
static PyObject *line_ends(PyObject *module, PyObject *args)
{
    const char *text;
    Py_ssize_t size, at, end, count = 0;
    if (!PyArg_ParseTuple(args, "y#nn", &text, &size, &at, &end))
        return NULL;
    if (at < 0 || end > size) {
        PyErr_SetString(PyExc_ValueError, "an offset outside of a text");
        return NULL;
    }
#ifdef __SSE2__
    while (end - at >= 16) { /* a byte counts to 255 */
        __m128i counts = _mm_setzero_si128();
        uint64_t said[2];
        for (int times = 0; times < 255 && end - at >= 16; times++, at += 16) {
            __m128i all = _mm_loadu_si128((const __m128i *)(text + at));
            counts = _mm_sub_epi8(counts, _mm_cmpeq_epi8(all, _mm_set1_epi8('\n')));
        }
        counts = _mm_sad_epu8(counts, _mm_setzero_si128());
        memcpy(said, &counts, 16);
        count += (Py_ssize_t)(said[0] + said[1]);
    }
#endif
    for (; at < end; at++)
        count += text[at] == '\n';
    return PyLong_FromSsize_t(count);
}

/* Wu and Manber's search for several words: what two bytes tell of how far the next word is at least. */

#define PAIRS 4096
#define MOST_WORDS 256

static unsigned pair_at(const uint8_t *text) { return (text[0] ^ (unsigned)text[1] << 4) % PAIRS; }

typedef struct {
    const uint8_t *text;
    Py_ssize_t size;
} Sought;

/* The words of a tuple, each of two bytes and more; how many, or -1. */
static Py_ssize_t words_of(PyObject *tuple, Sought *words, Py_ssize_t *least)
{
    Py_ssize_t count = PyTuple_Check(tuple) ? PyTuple_Size(tuple) : -1;
    if (count < 1 || count > MOST_WORDS) {
        PyErr_SetString(PyExc_ValueError, "a tuple of some words is sought");
        return -1;
    }
    *least = 255;
    for (Py_ssize_t one = 0; one < count; one++) {
        char *text;
        if (PyBytes_AsStringAndSize(PyTuple_GetItem(tuple, one), &text, &words[one].size))
            return -1;
        if (words[one].size < 2) {
            PyErr_SetString(PyExc_ValueError, "a word has two bytes");
            return -1;
        }
        words[one].text = (const uint8_t *)text;
        *least = words[one].size < *least ? words[one].size : *least;
    }
    return count;
}

static int starts_with_one(const uint8_t *text, Py_ssize_t size, const Sought *words, Py_ssize_t count)
{
    for (const Sought *one = words; one < words + count; one++)
        if (one->text[0] == text[0] && one->size <= size && !memcmp(one->text, text, (size_t)one->size))
            return 1;
    return 0;
}

static PyObject *holds_one(PyObject *module, PyObject *args)
{
    const char *given;
    Py_ssize_t size, least;
    PyObject *tuple;
    Sought words[MOST_WORDS];
    uint8_t further[PAIRS];
    if (!PyArg_ParseTuple(args, "y#O", &given, &size, &tuple))
        return NULL;
    Py_ssize_t count = words_of(tuple, words, &least);
    if (count < 0)
        return NULL;
    memset(further, (int)(least - 1), PAIRS);
    for (Py_ssize_t one = 0; one < count; one++)
        for (Py_ssize_t at = 0; at + 2 <= least; at++) {
            uint8_t *known = &further[pair_at(words[one].text + at)];
            uint8_t rest = (uint8_t)(least - 2 - at);
            *known = rest < *known ? rest : *known;
        }
    const uint8_t *text = (const uint8_t *)given;
    for (Py_ssize_t at = 0; least <= size - at;) {
        uint8_t rest = further[pair_at(text + at + least - 2)];
        if (!rest && starts_with_one(text + at, size - at, words, count))
            Py_RETURN_TRUE;
        at += rest ? rest : 1;
    }
    Py_RETURN_FALSE;
}

/* See collect/likeness.py, which says why, and has the same in Python. */

#define ANCHOR 64
#define NEAR 4096
#define FAILURES 4
#define LOOKS 4

static PyObject *common(PyObject *module, PyObject *args)
{
    const char *text_, *other_;
    Py_ssize_t size, held, least;
    int64_t here = 0, there = 0, left = FAILURES * NEAR;
    if (!PyArg_ParseTuple(args, "y#y#n", &text_, &size, &other_, &held, &least))
        return NULL;
    const uint8_t *text = (const uint8_t *)text_, *other = (const uint8_t *)other_;
    PyObject *kept = PyList_New(0);
    while (kept) {
        int64_t length = alike(text + here, other + there,
                               size - here < held - there ? size - here : held - there);
        int64_t skip, line = 0, found = -1;
        if (length >= least) {
            if (appended(kept, Py_BuildValue("(LLL)", (long long)here, (long long)there,
                                             (long long)length)))
                Py_CLEAR(kept);
            left += LOOKS * length;
        }
        here += length;
        there += length;
        for (skip = 0; kept && found < 0; skip = line - here + ANCHOR * (found < 0)) {
            int64_t from = here + skip, stop = held - there < NEAR ? held : there + NEAR;
            const uint8_t *end = from < size ? memchr(text + from, '\n', (size_t)(size - from)) : NULL;
            line = end ? end - text + 1 : 0;
            if (!line || size - line < ANCHOR || left < 0)
                return kept;
            found = find(other, there, stop, text + line, ANCHOR);
            left -= found < 0 ? NEAR : found - there + ANCHOR;
        }
        here = line, there = found;
    }
    return NULL;
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
        at = line_end(begin, end);
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
        each = line_end(each, end);
        each = each ? each + 1 : NULL;
    }
    return Py_BuildValue("(KK)", (unsigned long long)value, (unsigned long long)count);
}
