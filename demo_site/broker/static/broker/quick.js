// A site of one page in little: the order goes by fetch, and whatever has to be proved stepup.js sees to.
const form = document.querySelector("#quick");
const told = document.querySelector("#told");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { csrfmiddlewaretoken, ...order } = Object.fromEntries(new FormData(form));
  told.hidden = true;
  const answer = await fetch("/api/orders", {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": csrfmiddlewaretoken },
    body: JSON.stringify({ ...order, order_type: "market" }),
  });
  const { id, state, title, detail } = await answer.json();
  told.textContent = answer.ok ? `${form.dataset[state]} ${id}` : answer.status === 401 ? title : `${title}: ${detail}`;
  told.classList.toggle("error", !answer.ok);
  told.hidden = false;
});
