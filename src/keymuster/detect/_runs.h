/* What stands beside long runs; see runs.py. */

#define LONG_RUN 24

typedef struct {
    const uint8_t *text;
    int64_t size, at, width;
} Runs;

static int is_of_run(uint8_t byte) { return is_alnum(byte) || byte == '_' || byte == '-'; }

/* Which halves of sixteen bytes are all of a run: 1 and 2. */
static int whole_halves(const uint8_t *text)
{
#ifdef __SSE2__ /* where bytes are compared as signed ones: those from 0x80 on are less than all others */
    __m128i bytes = _mm_loadu_si128((const __m128i *)text);
    __m128i low = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
    __m128i letters = _mm_and_si128(_mm_cmpgt_epi8(low, _mm_set1_epi8('a' - 1)),
                                    _mm_cmplt_epi8(low, _mm_set1_epi8('z' + 1)));
    __m128i digits = _mm_and_si128(_mm_cmpgt_epi8(bytes, _mm_set1_epi8('0' - 1)),
                                   _mm_cmplt_epi8(bytes, _mm_set1_epi8('9' + 1)));
    __m128i others = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('_')),
                                  _mm_cmpeq_epi8(bytes, _mm_set1_epi8('-')));
    int found = _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(letters, digits), others));
    return ((found & 0xff) == 0xff) | (found >> 8 == 0xff) << 1;
#else
    int found = 3;
    for (int half = 0; half < 2; half++)
        for (int byte = 8 * half + 7; byte >= 8 * half; byte--)
            if (!is_of_run(text[byte])) {
                found ^= 1 << half;
                break;
            }
    return found;
#endif
}

/* The next run: where it begins and ends; 0 if there is none. Wherever a long one begins, of the eights
   from here on, it holds two that follow each other. */
static int next_run(Runs *self, int64_t *begin, int64_t *end)
{
    int64_t at = self->at;
    int was_whole = 0;
    for (;;) {
        int64_t first = at - 8, last;
        if (self->size - at >= 16) {
            int halves = whole_halves(self->text + at), follows = was_whole & halves;
            if (halves == 3 && !follows)
                first = at;
            was_whole = halves >> 1;
            at += 16;
            if (halves != 3 && !follows)
                continue;
        } else if (was_whole)
            was_whole = 0;
        else
            return 0;
        last = first + 8;
        while (first > self->at && is_of_run(self->text[first - 1]))
            first--;
        while (last < self->size && is_of_run(self->text[last]))
            last++;
        if (last - first >= LONG_RUN) {
            *begin = first;
            *end = self->at = last;
            return 1;
        }
        at = last;
        was_whole = 0;
    }
}

/* The next window: what stands beside runs that are near each other; 0 if there is none. */
static int next_window(Runs *self, Window *window, int *has_run, int64_t *begin, int64_t *end)
{
    if (!*has_run)
        return 0;
    int64_t after = *begin + LONG_RUN - 1, before;
    window->begin = (uint64_t)(after < self->width ? 0 : after - self->width);
    do {
        before = *end - LONG_RUN + self->width;
        *has_run = next_run(self, begin, end);
    } while (*has_run && *begin + LONG_RUN - 1 - self->width <= before);
    window->end = (uint64_t)(before < self->size ? before : self->size);
    return 1;
}

static PyObject *beside_runs(PyObject *module, PyObject *args)
{
    const char *text;
    Py_ssize_t size, width;
    if (!PyArg_ParseTuple(args, "y#n", &text, &size, &width))
        return NULL;
    if (width < LONG_RUN || width > INT32_MAX)
        return PyErr_Format(PyExc_ValueError, "windows without room for a run, or too wide");
    Window *windows = NULL, window;
    size_t count = 0, room = 0;
    uint64_t total = 0;
    Runs runs = {(const uint8_t *)text, size, 0, width};
    int64_t begin, end;
    int has_run = next_run(&runs, &begin, &end);
    while (next_window(&runs, &window, &has_run, &begin, &end)) {
        if (grown((void **)&windows, count, &room, sizeof *windows)) {
            free(windows);
            return NULL;
        }
        window.offset = total;
        total += window.end - window.begin;
        windows[count++] = window;
    }
    PyObject *made = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)total);
    char *to = made ? PyBytes_AsString(made) : NULL;
    for (size_t one = 0; to && one < count; one++)
        memcpy(to + windows[one].offset, text + windows[one].begin,
               (size_t)(windows[one].end - windows[one].begin));
    free(windows);
    return made;
}
