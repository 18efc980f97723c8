/* SPDX-License-Identifier: MIT */
/* Names are added by some threads while others look them up without a lock.
 *
 *   writers   intern n0, n1, n2 … (the same names: only one wins each)
 *   readers   count ──▶ every id below it has a whole text                                     */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strtab.h"

enum { NAMES = 6000, WRITERS = 2, READERS = 2 };

static struct strtab *table;
static _Atomic int writing = WRITERS;
static uint32_t id_of[WRITERS][NAMES];

static void *writer(void *arg)
{
    uint32_t *ids = arg;
    char name[24];
    for (int i = 0; i < NAMES; i++) {
        snprintf(name, sizeof name, "n%d", i);
        ids[i] = strtab_intern(table, name);
        if (strcmp(strtab_get(table, ids[i]), name) != 0)
            exit(1);
    }
    atomic_fetch_sub(&writing, 1);
    return NULL;
}

static void *reader(void *arg)
{
    uint32_t *seen = arg;
    while (atomic_load(&writing)) {
        uint32_t n = strtab_count(table);
        for (uint32_t id = n > 50 ? n - 50 : 1; id < n; id++)
            if (strtab_get(table, id)[0] != 'n')
                exit(2);
        *seen = n;
    }
    return NULL;
}

int main(void)
{
    pthread_t t[WRITERS + READERS];
    uint32_t seen[READERS] = {0};
    table = strtab_create();
    for (int i = 0; i < WRITERS; i++)
        if (pthread_create(&t[i], NULL, writer, id_of[i]) != 0)
            return 3;
    for (int i = 0; i < READERS; i++)
        if (pthread_create(&t[WRITERS + i], NULL, reader, &seen[i]) != 0)
            return 3;
    for (int i = 0; i < WRITERS + READERS; i++)
        pthread_join(t[i], NULL);
    int bad = strtab_count(table) != NAMES + 1;
    bad |= memcmp(id_of[0], id_of[1], sizeof id_of[0]) != 0; /* one text, one id */
    strtab_destroy(table);
    return bad;
}
