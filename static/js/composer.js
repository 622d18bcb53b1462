// What the composer loads.
import "./elements/bs-composer.js";
import "./elements/bs-uploader.js";
