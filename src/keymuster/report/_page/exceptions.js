// What somebody lives with, until when, and what of it has come to its end.

const SOON_DAYS = 30;

function exceptionState(one) {
  if (one.problem) return ["refused", "critical"];
  const left = ageDays(one.expires);
  if (left === null) return [one.expires ? "holds" : "has no end", one.expires ? "good" : "high"];
  if (left > 0) return ["expired", "critical"];
  return -left <= SOON_DAYS ? ["ends soon", "medium"] : ["holds", "good"];
}

function exceptions(view) {
  const accepted = FINDINGS.filter((one) => one.accepted);
  put(view, el("h1", { tabindex: -1 }, "Exceptions"),
    DATA.roll && shown(list({
      caption: "Exceptions", empty: "There are none.",
      columns: [
        { title: "State", class: "narrow", key: (one) => exceptionState(one)[0], cell: (one) => el("span", { class: `severity ${exceptionState(one)[1]}` }, exceptionState(one)[0]) },
        { title: "Ends", class: "narrow", key: (one) => one.expires || "", cell: (one) => (one.expires ? since(one.expires) : "never") },
        { title: "For", class: "word", key: (one) => one.rule || one.finding, cell: (one) => [one.rule && el("code", null, one.rule), one.finding && el("div", null, "finding ", el("code", null, one.finding)), one.identity && el("div", null, one.identity)] },
        { title: "Because", class: "word", key: (one) => one.reason, cell: (one) => [one.reason, one.compensating_control && el("div", { class: "muted" }, one.compensating_control), one.problem && el("div", { class: "critical" }, one.problem)] },
        { title: "Owner", stacked: "Owner", key: (one) => one.owner || "", cell: (one) => one.owner },
        { title: "Approved by", stacked: "Approved by", key: (one) => one.approver || "", cell: (one) => (one.inline ? "a comment" : one.approver) },
        { title: "Place", stacked: "Place", key: (one) => one.place, cell: (one) => el("span", { class: "mono" }, one.place) },
      ],
    }), ROLL.exceptions),
    el("h2", null, `Findings that were accepted (${number(accepted.length)})`),
    shown(list({
      caption: "Accepted findings", empty: "None was.",
      columns: [
        { title: "State", class: "narrow", key: (one) => isAccepted(one), cell: (one) => (isAccepted(one) ? "accepted" : el("span", { class: "severity critical" }, "no longer")) },
        { title: "Until", class: "narrow", key: (one) => one.accepted.until || "", cell: (one) => since(one.accepted.until || "") },
        { title: "Finding", class: "word", key: (one) => one.message, cell: (one) => [el("a", { href: `#findings?text=${encodeURIComponent(one.id)}` }, one.message), el("div", { class: "muted" }, `${severity(one)}, ${ruleOf(one).id}`)] },
        { title: "Because", class: "word", cell: (one) => [one.accepted.because, one.accepted.by && el("div", { class: "muted" }, `by ${one.accepted.by}`)] },
        { title: "Where", stacked: "Where", key: at, cell: (one) => el("span", { class: "mono" }, at(one)) },
      ],
    }), accepted));
}
