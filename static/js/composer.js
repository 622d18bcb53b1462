// What the composer loads. The tray is there before the composer leads into it.
import "./elements/bs-uploader.js";
import "./elements/bs-composer.js";
