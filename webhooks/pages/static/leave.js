// The consent opens beside the frame. In it the settings are shown again: they notice when the coach comes back.

document.getElementById("leave").addEventListener("click", () => setTimeout(() => location.replace("/settings"), 500));
