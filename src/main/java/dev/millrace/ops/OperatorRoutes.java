package dev.millrace.ops;

import static dev.millrace.ops.OperatorCall.act;
import static dev.millrace.ops.OperatorCall.operator;
import static dev.millrace.ops.OperatorCall.run;

import dev.millrace.journal.Reviews;
import dev.millrace.journal.WorkCounters;
import dev.millrace.platform.Database;
import dev.millrace.platform.TypeId;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import java.util.TreeMap;

/**
 * {@code /ops}: the counts of work, the trial balance, reviews and their decisions.
 */
final class OperatorRoutes {
  private static final int LIST_MAX = 100;

  private final WorkCounters work;
  private final Reviews reviews;
  private final TrialBalance trialBalance;
  private final OperatorActs acts;

  OperatorRoutes(Database database, OperatorActs acts) {
    this.work = new WorkCounters(database);
    this.reviews = new Reviews(database);
    this.trialBalance = new TrialBalance(database);
    this.acts = acts;
  }

  void mount(Router router) {
    router.get("/ops/work").handler(c -> run(c, work()));
    router.get("/ops/trial-balance")
        .handler(c -> act(c, body -> trialBalance.of(c.queryParams().get("as_of"))));
    router.get("/ops/reviews").handler(c -> run(c, inReview()));
    router.post("/ops/payments/:id/release")
        .handler(c -> act(c, body -> acts.decide(c.pathParam("id"), operator(body), true)));
    router.post("/ops/payments/:id/block")
        .handler(c -> act(c, body -> acts.decide(c.pathParam("id"), operator(body), false)));
  }

  private Future<JsonObject> work() {
    return work.counts().map(work -> {
      var json = new JsonObject();
      new TreeMap<>(work).forEach(json::put);
      return json;
    });
  }

  private Future<JsonObject> inReview() {
    return reviews.waiting(LIST_MAX).map(waiting -> {
      var data = new JsonArray();
      for (var one : waiting)
        data.add(new JsonObject().put("payment", TypeId.format(TypeId.PAYMENT, one.payment()))
            .put("amount", one.amount()).put("currency", one.currency()).put("screening", one.screening())
            .put("since", one.since().toString()));
      return new JsonObject().put("object", "list").put("data", data);
    });
  }
}
