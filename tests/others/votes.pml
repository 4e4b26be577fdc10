/* The system of examples/votes/votes.cpp in Promela: N servers agree on the largest id by telling each other.

     spin -DN=3 -a votes.pml && cc -O2 -DSAFETY -DNOREDUCE -o pan pan.c && ./pan -m100000

   Spin counts one state more than there are: the one before the channels are filled. */
#ifndef N
#define N 3
#endif
#define NOTHING N

/* A channel for each ordered pair. A server's votes rise, so it never says more than N. */
#define LINK(from, to) link[(from) * N + (to)]
chan link[N * N] = [N] of { byte };

/* HEARD(i, j): what i last heard of j. Of itself that is its proposal. */
#define HEARD(i, j) heard[(i) * N + (j)]
byte heard[N * N] = NOTHING;
byte proposal[N];
bool decided[N];
bool begun;

/* For use within a d_step, which is one transition, taken if its first statement can be. Each ends with done(), so they
   never tell two states apart. (Hidden variables would be no part of a state at all, but Spin's breadth-first search
   refuses them.) */
byte vote, k;

inline done() {
  vote = 0;
  k = 0
}

#define DELIVER(j, i)                                                                  \
  d_step {                                                                             \
    LINK(j, i) ? vote;                                                                 \
    if                                                                                 \
    :: !decided[i] -> HEARD(i, j) = vote;                                              \
      if                                                                               \
      :: vote > proposal[i] -> propose(i)                                              \
      :: else                                                                          \
      fi                                                                               \
    :: else                                                                            \
    fi;                                                                                \
    done()                                                                             \
  }

inline propose(i) {
  proposal[i] = vote;
  HEARD(i, i) = vote;
  for (k : 0 .. N - 1) {
    if
    :: k != i -> LINK(i, k) ! vote
    :: else
    fi
  }
}

/* Promela has neither sum nor "for all" in an expression. The link of a server to itself is always empty. */
#define AGREES(i, j) (HEARD(i, j) == proposal[i])
#if N == 2
#define SUPPORTERS(i) (AGREES(i, 0) + AGREES(i, 1))
#define SILENCE(i) (empty(LINK(0, i)) && empty(LINK(1, i)))
#elif N == 3
#define SUPPORTERS(i) (AGREES(i, 0) + AGREES(i, 1) + AGREES(i, 2))
#define SILENCE(i) (empty(LINK(0, i)) && empty(LINK(1, i)) && empty(LINK(2, i)))
#else
#define SUPPORTERS(i) (AGREES(i, 0) + AGREES(i, 1) + AGREES(i, 2) + AGREES(i, 3))
#define SILENCE(i) (empty(LINK(0, i)) && empty(LINK(1, i)) && empty(LINK(2, i)) && empty(LINK(3, i)))
#endif

/* A server is the process of this number. */
active [N] proctype server() {
end: /* no deadlock: a server may wait here for ever */
  do
  :: d_step { /* what a channel holds at first can't be declared; before this step nothing else can happen */
    !begun && _pid == 0 ->
    for (vote : 0 .. N - 1) { propose(vote) }
    begun = true;
    done()
  }
  :: DELIVER(0, _pid)
  :: DELIVER(1, _pid)
#if N > 2
  :: DELIVER(2, _pid)
#endif
#if N > 3
  :: DELIVER(3, _pid)
#endif
  :: d_step {
    !decided[_pid] && SILENCE(_pid) && 2 * SUPPORTERS(_pid) > N ->
    decided[_pid] = true;
    for (k : 0 .. N - 1) { assert(!decided[k] || proposal[k] == proposal[_pid]) } /* the decided agree */
    done()
  }
  od
}
