/* SPDX-License-Identifier: MIT */
/* Values over time.
 *
 * A history has a fixed number of samples and covers the whole life: when it is full, each two
 * neighbours become one and a step is twice as long. A level keeps the higher of the two, because a
 * peak is what one looks for; a rate keeps the mean, because counts add up. */
#include "model/model_inside.h"

double level_mean(const struct level *l, int64_t from_ns, int64_t now_ns)
{
    if (now_ns <= from_ns)
        return l->now;
    int64_t tail = now_ns > l->since_ns ? now_ns - l->since_ns : 0;
    return (l->area + l->now * (double)tail) / (double)(now_ns - from_ns);
}

void history_begin(struct history *h, int64_t now_ns, int64_t step_ns)
{
    *h = (struct history){.step_ns = step_ns, .next_ns = (now_ns / step_ns + 1) * step_ns};
}

static void halve(struct history *h, bool rate)
{
    for (int i = 0; i < HISTORY / 2; i++) {
        float a = h->sample[2 * i], b = h->sample[2 * i + 1];
        h->sample[i] = rate ? (a + b) / 2 : a > b ? a : b;
    }
    h->n = HISTORY / 2;
    h->step_ns *= 2;
}

void history_catch_up(struct history *h, int64_t now_ns, float rest, bool rate)
{
    if (!h->step_ns)
        return;
    while (now_ns >= h->next_ns) {
        float per_second = (float)MODEL_SECOND / (float)h->step_ns;
        h->sample[h->n++] = rate ? h->acc * per_second : h->acc;
        h->acc = rest;
        if (h->n == HISTORY)
            halve(h, rate);
        h->next_ns += h->step_ns;
    }
}

/* Whole seconds from the object's birth, so that the rate at an instant does not depend on when
 * somebody looked. */
void object_rate_roll(struct object_model *o, int64_t now_ns)
{
    int64_t spans = (now_ns - o->rate_from_ns) / MODEL_SECOND;
    if (spans < 1)
        return;
    o->rate = spans == 1 ? (float)o->rate_count : 0;
    o->rate_out = spans == 1 ? (float)o->rate_out_count : 0;
    o->rate_count = o->rate_out_count = 0;
    o->rate_from_ns += spans * MODEL_SECOND;
}
