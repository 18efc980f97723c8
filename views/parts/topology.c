/* SPDX-License-Identifier: MIT */
/* Who hands items to whom, as columns. Crowds and channels are nodes; a link is an edge of the
 * model. A node's column is the longest way from a source; links that close a cycle are found first
 * (depth first, a link to a node that is still open) and left out of that count, so a cycle cannot
 * push its own nodes to the right for ever. */
#include "views/parts/parts.h"

static bool flows_through(const struct model *m, uint32_t obj)
{
    if (!obj || obj >= m->objects_n || !m->objects[obj].known)
        return false;
    switch (m->objects[obj].kind) {
    case OBJ_CHAN:
    case OBJ_QUEUE:
    case OBJ_POOL:
    case OBJ_LIMITER:
    case OBJ_BREAKER:
    case OBJ_BULKHEAD:
    case OBJ_SOURCE:
    case OBJ_SINK:
        return true;
    default:
        return false;
    }
}

static int node_of(struct topo *t, int crowd, uint32_t obj)
{
    for (int i = 0; i < t->n; i++)
        if (t->node[i].crowd == crowd && t->node[i].obj == obj)
            return i;
    if (t->n == TOPO_NODES)
        return -1;
    t->node[t->n] = (struct topo_node){.crowd = crowd, .obj = obj};
    return t->n++;
}

static void add_link(struct topo *t, int from, int to, uint32_t obj, bool into)
{
    if (from < 0 || to < 0 || from == to)
        return;
    for (int i = 0; i < t->links; i++)
        if (t->link[i].from == from && t->link[i].to == to)
            return;
    if (t->links < TOPO_LINKS)
        t->link[t->links++] = (struct topo_link){.from = from, .to = to, .obj = obj, .into = into};
}

static void walk(struct topo *t, int node, uint8_t *seen)
{
    seen[node] = 1;
    for (int i = 0; i < t->links; i++) {
        if (t->link[i].from != node)
            continue;
        int to = t->link[i].to;
        if (seen[to] == 1)
            t->link[i].back = true;
        else if (!seen[to])
            walk(t, to, seen);
    }
    seen[node] = 2;
}

static void find_cycles(struct topo *t)
{
    uint8_t seen[TOPO_NODES] = {0};
    bool entered[TOPO_NODES] = {false};
    for (int i = 0; i < t->links; i++)
        entered[t->link[i].to] = true;
    for (int i = 0; i < t->n; i++)
        if (!entered[i] && !seen[i])
            walk(t, i, seen);
    /* What only hangs in cycles starts at a crowd: somebody must have sent the first item. */
    for (int i = 0; i < t->n; i++)
        if (!seen[i] && t->node[i].crowd >= 0)
            walk(t, i, seen);
    for (int i = 0; i < t->n; i++)
        if (!seen[i])
            walk(t, i, seen);
}

static void place(struct topo *t)
{
    bool moved = true;
    for (int round = 0; moved && round <= t->n; round++) {
        moved = false;
        for (int i = 0; i < t->links; i++) {
            const struct topo_link *l = &t->link[i];
            if (l->back || t->node[l->to].layer > t->node[l->from].layer)
                continue;
            t->node[l->to].layer = t->node[l->from].layer + 1;
            moved = true;
        }
    }
    for (int i = 0; i < t->n; i++) {
        struct topo_node *n = &t->node[i];
        n->row = t->in_layer[n->layer]++;
        if (n->layer + 1 > t->layers)
            t->layers = n->layer + 1;
        if (t->in_layer[n->layer] > t->rows)
            t->rows = t->in_layer[n->layer];
    }
}

void topo_collect(struct topo *t, const struct crowds *all, const struct model *m)
{
    *t = (struct topo){0};
    for (size_t i = 0; i < m->edges_n; i++) {
        const struct edge_model *e = &m->edges[i];
        if ((e->role != ROLE_SENDS && e->role != ROLE_RECEIVES) || !flows_through(m, e->to_obj))
            continue;
        if (e->gone && e->from_task && e->from_task < m->tasks_n &&
            task_live(&m->tasks[e->from_task]))
            continue; /* let go of, while it goes on elsewhere */
        int crowd = e->from_task ? crowds_of(all, e->from_task) : -1;
        if (e->from_task ? crowd < 0 : !flows_through(m, e->from_obj))
            continue;
        int one = node_of(t, crowd, crowd < 0 ? e->from_obj : 0), obj = node_of(t, -1, e->to_obj);
        if (e->role == ROLE_SENDS)
            add_link(t, one, obj, e->to_obj, true);
        else
            add_link(t, obj, one, e->to_obj, false);
    }
    find_cycles(t);
    place(t);
}
