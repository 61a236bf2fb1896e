// The consent opens beside the frame. In it the page is shown again from which the coach came here.

const { href } = document.getElementById("back");
document.getElementById("leave").addEventListener("click", () => setTimeout(() => location.replace(href), 500));
