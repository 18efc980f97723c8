/* SPDX-License-Identifier: MIT */
/* Expands PATH(path, help) for every path there is. Included more than once, hence no guard:
 * LANE, N and NAME stand for a lane's number, a priority and an object's name. */
#define RUN(name, value, help)      PATH(#name, help)
#define TASKS(name, value, help)    PATH("tasks." #name, help)
#define REQUESTS(name, value, help) PATH("requests." #name, help)
#include "model/figures.def"
#define HIST(name, value, help) \
    PATH("latency_ms." #name, "arrival to end of done, errors and timeouts, ms: " help)
#include "model/figures.def"
#define HIST(name, value, help) PATH("wait_ms." #name, "arrival to start, ms: " help)
#include "model/figures.def"
#define HIST(name, value, help) PATH("service_ms." #name, "start to end, ms: " help)
#include "model/figures.def"
#define REQUESTS(name, value, help) PATH("lanes.LANE.requests." #name, help)
#include "model/figures.def"
#define HIST(name, value, help) \
    PATH("lanes.LANE.latency_ms." #name, "arrival to end of done, errors and timeouts, ms: " help)
#include "model/figures.def"
#define HIST(name, value, help) PATH("lanes.LANE.wait_ms." #name, "arrival to start, ms: " help)
#include "model/figures.def"
#define HIST(name, value, help) PATH("lanes.LANE.service_ms." #name, "start to end, ms: " help)
#include "model/figures.def"
#define CLASSES(name, value, help) PATH("classes.N." #name, help)
#include "model/figures.def"
#define HIST(name, value, help) \
    PATH("classes.N.wait_ms." #name, "arrival to start, by priority, ms: " help)
#include "model/figures.def"
#define OBJECT(name, when, value, help) PATH("objects.NAME." #name, help)
#include "model/figures.def"
